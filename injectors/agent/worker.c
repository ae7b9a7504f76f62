/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/agent/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MAX_JOBS = 1000, STACK = 1 << 20 };

struct item {
	struct item *next;
	cJSON *json;
};

struct queue {
	struct item *first, **end;
	size_t n;
};

struct gd_worker {
	gd_job_fn *fn;
	void *ctx;
	int event_fd;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct queue jobs, messages; /* under lock, as are the two below */
	bool stop, running;
};

static void queue_init(struct queue *q)
{
	*q = (struct queue){.end = &q->first};
}

/* Takes json in every case. */
static bool queue_put(struct queue *q, cJSON *json)
{
	struct item *i = json ? calloc(1, sizeof(*i)) : NULL;

	if (!i) {
		cJSON_Delete(json);
		return false;
	}
	i->json = json;
	*q->end = i;
	q->end = &i->next;
	q->n++;
	return true;
}

static cJSON *queue_get(struct queue *q)
{
	struct item *i = q->first;
	cJSON *json;

	if (!i)
		return NULL;
	json = i->json;
	q->first = i->next;
	if (!q->first)
		q->end = &q->first;
	q->n--;
	free(i);
	return json;
}

static void queue_fini(struct queue *q)
{
	cJSON *json;

	while ((json = queue_get(q)) != NULL)
		cJSON_Delete(json);
}

static void ring_bell(const struct gd_worker *w)
{
	uint64_t one = 1;

	if (write(w->event_fd, &one, sizeof(one)) < 0) {
		/* Full: then the loop has been woken already. */
	}
}

static void *work(void *arg)
{
	struct gd_worker *w = arg;

	(void)pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		cJSON *job = queue_get(&w->jobs);

		if (!job) {
			(void)pthread_cond_wait(&w->wake, &w->lock);
			continue;
		}
		w->running = true;
		(void)pthread_mutex_unlock(&w->lock);
		w->fn(w->ctx, job);
		cJSON_Delete(job);
		(void)pthread_mutex_lock(&w->lock);
		w->running = false;
		ring_bell(w);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* The thread takes no signals: they are the loop's. */
static int start_thread(struct gd_worker *w, struct gd_error *err)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int e;

	(void)sigfillset(&all);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	e = pthread_create(&w->thread, &attr, work, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	if (e)
		return gd_raise(err, GD_E_SYSTEM, "worker: no thread (error %d)", e);
	return 0;
}

int gd_worker_new(gd_job_fn *fn, void *ctx, struct gd_worker **ret, struct gd_error *err)
{
	struct gd_worker *w = calloc(1, sizeof(*w));

	if (!w)
		return gd_raise_nomem(err);
	w->fn = fn;
	w->ctx = ctx;
	queue_init(&w->jobs);
	queue_init(&w->messages);
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->wake, NULL);
	w->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->event_fd < 0 || start_thread(w, err) < 0) {
		if (w->event_fd < 0)
			(void)gd_raise_errno(err, "worker: eventfd");
		gd_close_fd(&w->event_fd);
		free(w);
		return -1;
	}
	*ret = w;
	return 0;
}

void gd_worker_free(struct gd_worker *w)
{
	if (!w)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->stop = true;
	(void)pthread_cond_signal(&w->wake);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
	queue_fini(&w->jobs);
	queue_fini(&w->messages);
	(void)pthread_cond_destroy(&w->wake);
	(void)pthread_mutex_destroy(&w->lock);
	gd_close_fd(&w->event_fd);
	free(w);
}

bool gd_worker_post(struct gd_worker *w, cJSON *job)
{
	bool ok = false;

	(void)pthread_mutex_lock(&w->lock);
	if (w->jobs.n < MAX_JOBS)
		ok = queue_put(&w->jobs, job);
	else
		cJSON_Delete(job);
	(void)pthread_cond_signal(&w->wake);
	(void)pthread_mutex_unlock(&w->lock);
	return ok;
}

void gd_worker_say(struct gd_worker *w, cJSON *message)
{
	(void)pthread_mutex_lock(&w->lock);
	(void)queue_put(&w->messages, message);
	(void)pthread_mutex_unlock(&w->lock);
	ring_bell(w);
}

int gd_worker_fd(const struct gd_worker *w)
{
	return w->event_fd;
}

cJSON *gd_worker_fetch(struct gd_worker *w)
{
	uint64_t n;
	cJSON *message;

	(void)pthread_mutex_lock(&w->lock);
	message = queue_get(&w->messages);
	if (!message && read(w->event_fd, &n, sizeof(n)) < 0) {
		/* Nobody rang: an earlier fetch took what there was. */
	}
	(void)pthread_mutex_unlock(&w->lock);
	return message;
}

bool gd_worker_idle(struct gd_worker *w)
{
	bool idle;

	(void)pthread_mutex_lock(&w->lock);
	idle = !w->running && w->jobs.n == 0;
	(void)pthread_mutex_unlock(&w->lock);
	return idle;
}
