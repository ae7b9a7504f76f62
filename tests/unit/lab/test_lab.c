/* SPDX-License-Identifier: Apache-2.0 */
/* The lab's parts that need no guest: what is written into files, command lines and lists. */
#include "tests/unit/cmocka_all.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"
#include "gameday/base/strbuf.h"
#include "gameday/lab/control.h"
#include "gameday/lab/disks.h"
#include "gameday/lab/embed.h"
#include "gameday/lab/interrupt.h"
#include "gameday/lab/inventory.h"
#include "gameday/lab/kernel.h"
#include "gameday/lab/modules.h"
#include "gameday/lab/paths.h"
#include "gameday/lab/programs.h"
#include "gameday/lab/qemu.h"
#include "gameday/lab/recipe.h"
#include "gameday/lab/state.h"

static void test_topology_is_consistent(void **ctx)
{
	size_t disks = 0;

	(void)ctx;
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
		const struct gd_lab_host *h = &gd_lab_hosts[i];

		assert_ptr_equal(gd_lab_host_find(h->name), h);
		disks += h->disk != NULL;
		for (size_t k = i + 1; k < GD_LAB_N_HOSTS; k++) {
			assert_string_not_equal(h->mgmt, gd_lab_hosts[k].mgmt);
			assert_string_not_equal(h->mgmt_mac, gd_lab_hosts[k].mgmt_mac);
			assert_string_not_equal(h->address, gd_lab_hosts[k].address);
			assert_string_not_equal(h->data_mac, gd_lab_hosts[k].data_mac);
		}
	}
	assert_int_equal(disks, GD_LAB_N_DISKS);
	assert_null(gd_lab_host_find("api-4"));
}

/* Every template of every host fills in: no mark is unknown or means nothing there. */
static void test_all_templates_fill(void **ctx)
{
	static const char *const common[] = {"passwd",  "hosts",       "mgmt.ip",
					     "profile", "sshd_config", "hostname"};
	struct gd_error err = GD_ERROR_INIT;

	(void)ctx;
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
		const struct gd_lab_host *h = &gd_lab_hosts[i];
		char ip[32], services[32];
		const char *const own[] = {ip, services};

		(void)snprintf(ip, sizeof(ip), "%s.ip", gd_lab_role_name(h->role));
		(void)snprintf(services, sizeof(services), "%s.services",
			       gd_lab_role_name(h->role));
		for (size_t k = 0; k < GD_N_ELEMS(common) + GD_N_ELEMS(own); k++) {
			GD_AUTO_FREE char *text = NULL;

			assert_int_equal(gd_lab_guest_file_fill(
						 k < GD_N_ELEMS(common)
							 ? common[k]
							 : own[k - GD_N_ELEMS(common)],
						 h, &text, &err),
					 0);
			assert_non_null(text);
		}
	}
}

static void test_template(void **ctx)
{
	static const char text[] = "a@b @NAME@ @MGMT@@ADDRESS@ me@EXAMPLE.org @x@ @";
	static const char bad[] = "@INTERLINK@";
	const struct gd_lab_host *h = gd_lab_host_find("api-2");
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FREE char *got = NULL;

	(void)ctx;
	assert_int_equal(gd_lab_template_fill(text, strlen(text), h, &got, &err), 0);
	assert_string_equal(got, "a@b api-2 10.0.2.2210.20.0.12 me@EXAMPLE.org @x@ @");
	assert_int_equal(gd_lab_template_fill(bad, strlen(bad), h, &got, &err), -1);
	assert_int_equal(err.code, GD_E_BUG);
}

static void test_modules_order(void **ctx)
{
	static const char dep[] = "kernel/a.ko:\n"
				  "kernel/b.ko: kernel/a.ko\n"
				  "kernel/x/dm-delay.ko: kernel/b.ko kernel/a.ko\n"
				  "kernel/c.ko: kernel/a.ko\n"
				  "kernel/delay.ko:\n";
	static const char builtin[] = "kernel/sch_fq_codel.ko\n";
	static const char *const first[] = {"b", NULL};
	static const char *const second[] = {"dm_delay", "sch_fq_codel", "c", NULL};
	static const char *const unknown[] = {"elay", NULL};
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_STRBUF(one);
	GD_AUTO_STRBUF(two);

	(void)ctx;
	assert_int_equal(gd_lab_modules_close(dep, builtin, first, NULL, 0, &one, &err),
			 0);
	assert_string_equal(gd_strbuf_str(&one), "kernel/a.ko\nkernel/b.ko\n");
	assert_int_equal(gd_lab_modules_close(dep, builtin, second, &one, 1, &two, &err),
			 0);
	assert_string_equal(gd_strbuf_str(&two), "kernel/x/dm-delay.ko\nkernel/c.ko\n");
	assert_int_equal(gd_lab_modules_close(dep, builtin, unknown, NULL, 0, &two, &err),
			 -1);
	assert_int_equal(err.code, GD_E_REFUSED);
}

static void test_bzimage(void **ctx)
{
	unsigned char image[4096] = {0};
	struct gd_error err = GD_ERROR_INIT;
	size_t offset, size;

	(void)ctx;
	assert_int_equal(
		gd_lab_bzimage_payload(image, sizeof(image), &offset, &size, &err), -1);
	memcpy(image + 0x202, "HdrS", 4);
	image[0x206] = 0x0f;
	image[0x207] = 0x02;
	image[0x1f1] = 3;    /* setup sectors: code begins at 4 * 512 */
	image[0x248] = 0x10; /* payload offset and length */
	image[0x24c] = 0x64;
	assert_int_equal(
		gd_lab_bzimage_payload(image, sizeof(image), &offset, &size, &err), 0);
	assert_int_equal(offset, 2048 + 0x10);
	assert_int_equal(size, 0x60);
	image[0x24f] = 0x7f; /* longer than the file */
	assert_int_equal(
		gd_lab_bzimage_payload(image, sizeof(image), &offset, &size, &err), -1);
	assert_int_equal(gd_lab_bzimage_payload(image, 0x240, &offset, &size, &err), -1);
}

static char *joined(const struct gd_lab_argv *a)
{
	GD_AUTO_STRBUF(sb);

	for (size_t i = 0; i < a->n; i++)
		gd_strbuf_addf(&sb, "%s ", a->items[i]);
	return gd_strbuf_steal(&sb);
}

static void test_qemu_argv(void **ctx)
{
	struct gd_lab_qemu q = {.vmlinux = "/v", .initrd = "/i", .incoming = -1};
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_LAB_ARGV(a);
	GD_AUTO_FREE char *text = NULL;

	(void)ctx;
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		q.ports[i] = (uint16_t)(2300 + i);
	assert_int_equal(gd_lab_qemu_argv(&q, &a, &err), 0);
	assert_null(a.items[a.n]);
	text = joined(&a);
	assert_non_null(strstr(text, "restrict=on"));
	assert_non_null(strstr(text, "hostfwd=tcp:127.0.0.1:2305-10.0.2.26:22"));
	assert_non_null(strstr(text, "tcg,thread=multi"));
	assert_null(strstr(text, "-incoming"));
	assert_null(strstr(text, "hostfwd=tcp:0.0.0.0"));
}

static void test_inventory(void **ctx)
{
	uint16_t ports[GD_LAB_N_HOSTS] = {2201, 2202, 2203, 2204, 2205, 2206};
	static const char first[] = "hosts:\n"
				    "  api-1:\n"
				    "    host: 127.0.0.1\n"
				    "    port: 2201\n"
				    "    user: root\n"
				    "    key: \"/a \\\"b\\\"/client_key\"\n"
				    "    host_key: \"ssh-ed25519 AAAA\"\n"
				    "    address: 10.20.0.11\n"
				    "    tags: [api, etcd, lab]\n"
				    "  api-2:\n";
	char public[] = "ssh-ed25519 AAAA";
	struct gd_lab_keys keys = {0};
	GD_AUTO_STRBUF(sb);
	GD_AUTO_STRBUF(known);

	(void)ctx;
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++)
		keys.host_public[i] = public;
	gd_lab_inventory_print(ports, &keys, "/a \"b\"/client_key", &sb);
	assert_true(strncmp(gd_strbuf_str(&sb), first, strlen(first)) == 0);
	assert_non_null(strstr(gd_strbuf_str(&sb), "tags: [client, lab]\n"));
	gd_lab_known_hosts_print(ports, &keys, &known);
	assert_non_null(
		strstr(gd_strbuf_str(&known), "[127.0.0.1]:2206 ssh-ed25519 AAAA\n"));
}

static void test_health(void **ctx)
{
	struct gd_lab_health h;
	size_t ok;

	(void)ctx;
	assert_false(gd_lab_health_parse("torn line\nhealth 7 api-1 ssh ok\n"
					 "health 7 r1 bgp down\nhealth 7 api-1 etcd ok\n"
					 "health 7 short\nhealth 7 client ss",
					 7, &h));
	assert_int_equal(h.n, 3);
	assert_int_equal(gd_lab_health_count(&h, "ssh", &ok), 1);
	assert_int_equal(ok, 1);
	assert_int_equal(gd_lab_health_count(&h, NULL, &ok), 2);
	assert_int_equal(ok, 1);
}

/* A report that was under way when the snapshot was taken goes on after a restore. */
static void test_health_of_another_question(void **ctx)
{
	struct gd_lab_health h;

	(void)ctx;
	assert_false(gd_lab_health_parse("health 6 api-1 etcd ok\nhealth 7 api-1 ssh ok\n"
					 "health 6 done\n",
					 7, &h));
	assert_int_equal(h.n, 1);
	assert_string_equal(h.probes[0].what, "ssh");
	assert_true(gd_lab_health_parse("health 7 r1 bgp ok\nhealth 7 done\n", 7, &h));
	assert_int_equal(h.n, 1);
}

static void test_process_start(void **ctx)
{
	static const char stat[] =
		"77 (a) b) S 1 77 77 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4711 0";
	static const char zombie[] =
		"77 (a) Z 1 77 77 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4711 0";

	(void)ctx;
	assert_int_equal(gd_lab_process_start_parse(stat), 4711);
	assert_int_equal(gd_lab_process_start_parse(zombie), -1);
	assert_int_equal(gd_lab_process_start_parse("77 (a"), -1);
	assert_int_equal(gd_lab_process_start_parse("77 (a) S 1"), -1);
	assert_true(gd_lab_process_start(getpid()) > 0);
}

/* --- with files ---------------------------------------------------------------------- */

static int folder_make(void **ctx)
{
	char template[] = "/tmp/gd-lab-XXXXXX";

	*ctx = mkdtemp(template) ? strdup(template) : NULL;
	return *ctx ? 0 : -1;
}

static int folder_remove(void **ctx)
{
	struct gd_error err = GD_ERROR_INIT;
	int status = gd_remove_tree(*ctx, &err);

	free(*ctx);
	return status;
}

static void test_state_round_trip(void **ctx)
{
	struct gd_lab_state s = {.pid = 4242, .start_ticks = 99, .kvm = true}, back;
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_lab_state_load(*ctx, &back, &err), GD_LAB_STATE_NONE);
	s.ports[5] = 40001;
	s.since.ns = INT64_C(1790000000123456789);
	assert_int_equal(gd_lab_state_save(*ctx, &s, &err), 0);
	assert_int_equal(gd_lab_state_load(*ctx, &back, &err), 0);
	assert_int_equal(back.pid, 4242);
	assert_int_equal(back.ports[5], 40001);
	assert_true(back.since.ns == s.since.ns && back.kvm && !back.restored);
	/* A pid that now belongs to somebody else is not the lab, and is not ended. */
	back.pid = getpid();
	assert_false(gd_lab_state_alive(&back));
	assert_int_equal(gd_lab_state_stop(&back, &err), 0);
}

static void test_clear_spares_other_files(void **ctx)
{
	GD_AUTO_FREE char *other = gd_path_join(*ctx, "thesis.txt");
	struct gd_lab_state s = {.pid = 4242, .start_ticks = 1};
	struct gd_lab_paths p = {.state = *ctx};
	struct gd_error err = GD_ERROR_INIT;
	struct gd_lab_state back;

	assert_int_equal(gd_file_write(other, "x", 1, 0600, &err), 0);
	assert_int_equal(gd_lab_state_save(*ctx, &s, &err), 0);
	assert_int_equal(gd_lab_paths_clear(&p, &err), 0);
	assert_int_equal(access(other, F_OK), 0);
	assert_int_equal(gd_lab_state_load(*ctx, &back, &err), GD_LAB_STATE_NONE);
}

static void test_missing_packages_in_one_line(void **ctx)
{
	GD_AUTO_FREE char *bin = gd_strf("%s/usr/sbin", (const char *)*ctx);
	struct gd_error err = GD_ERROR_INIT;

	assert_int_equal(gd_mkdir_p(bin, 0700, &err), 0);
	for (size_t i = 0; i < gd_lab_n_programs; i++) {
		const char *name = gd_lab_programs[i].name;
		GD_AUTO_FREE char *path = gd_path_join(bin, name);

		/* All but two of one package, one of another, and one that stands elsewhere. */
		if (name[0] != '/' && strcmp(name, "bird") != 0 &&
		    strcmp(name, "birdc") != 0 && strcmp(name, "etcd") != 0)
			assert_int_equal(gd_file_write(path, "", 0, 0700, &err), 0);
	}
	assert_int_equal(gd_lab_programs_check(*ctx, &err), -1);
	assert_int_equal(err.code, GD_E_REFUSED);
	assert_string_equal(
		err.text,
		"missing: openssh-sftp-server bird2 etcd-server -- install with: "
		"apt-get install openssh-sftp-server bird2 etcd-server");
}

static void test_interrupt_waits(void **ctx)
{
	struct gd_error err = GD_ERROR_INIT;
	sigset_t before, after;

	(void)ctx;
	gd_lab_interrupt_hold(&before);
	assert_int_equal(gd_lab_interrupt_check(&err), 0);
	assert_int_equal(raise(SIGINT), 0);
	assert_int_equal(gd_lab_interrupt_check(&err), -1);
	assert_int_equal(err.code, GD_E_ABORTED);
	gd_lab_interrupt_release(&before);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &after), 0);
	assert_int_equal(sigismember(&after, SIGINT), 0);
	assert_int_equal(gd_lab_interrupt_check(&err), 0);
}

/* Started under nohup: what is ignored stays ignored. */
static void test_interrupt_ignored_stays_so(void **ctx)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct gd_error err = GD_ERROR_INIT;
	struct sigaction old;
	sigset_t before;

	(void)ctx;
	assert_int_equal(sigaction(SIGHUP, &ignore, &old), 0);
	gd_lab_interrupt_hold(&before);
	assert_int_equal(raise(SIGHUP), 0);
	assert_int_equal(gd_lab_interrupt_check(&err), 0);
	gd_lab_interrupt_release(&before);
	assert_int_equal(sigaction(SIGHUP, &old, NULL), 0);
}

static void test_lock_excludes(void **ctx)
{
	struct gd_lab_paths p = {.state = *ctx};
	struct gd_error err = GD_ERROR_INIT;
	int first = -1, second = -1;

	assert_int_equal(gd_lab_paths_lock(&p, true, &first, &err), 0);
	assert_int_equal(gd_lab_paths_lock(&p, true, &second, &err), -1);
	assert_int_equal(err.code, GD_E_REFUSED);
	gd_close_fd(&first);
	assert_int_equal(gd_lab_paths_lock(&p, true, &second, &err), 0);
	gd_close_fd(&second);
}

static void test_sparse_copy(void **ctx)
{
	GD_AUTO_FREE char *from = gd_path_join(*ctx, "from"),
			  *to = gd_path_join(*ctx, "to");
	GD_AUTO_FD int fd = open(from, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct gd_error err = GD_ERROR_INIT;
	GD_AUTO_FD int copy = -1;
	struct stat st;
	char got[4];

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 64 << 20), 0);
	assert_int_equal(pwrite(fd, "mark", 4, 33 << 20), 4);
	assert_int_equal(gd_lab_disk_copy(from, to, &err), 0);
	copy = open(to, O_RDONLY | O_CLOEXEC);
	assert_true(copy >= 0 && fstat(copy, &st) == 0);
	assert_int_equal(st.st_size, 64 << 20);
	assert_true(st.st_blocks * 512 < (8 << 20));
	assert_int_equal(pread(copy, got, 4, 33 << 20), 4);
	assert_memory_equal(got, "mark", 4);
}

static void test_recipe(void **ctx)
{
	GD_AUTO_FREE char *file = gd_path_join(*ctx, "x.cpio"), *image = NULL;
	struct gd_error err = GD_ERROR_INIT;
	char one[GD_SHA256_HEX], two[GD_SHA256_HEX];
	GD_AUTO_LAB_RECIPE(r);
	size_t size;

	assert_int_equal(gd_lab_recipe_text(&r, "/bin/tool", "abc", 3, 0755, &err), 0);
	assert_true(gd_lab_recipe_has(&r, "/usr/bin/tool"));
	assert_int_equal(r.n, 3); /* usr, usr/bin and the file */
	/* The first one wins. */
	assert_int_equal(gd_lab_recipe_link(&r, "/usr/bin/tool", "busybox", &err), 0);
	assert_int_equal(r.n, 3);
	assert_int_equal(gd_lab_recipe_digest(&r, one, &err), 0);
	assert_int_equal(gd_lab_recipe_link(&r, "/bin/other", "tool", &err), 0);
	assert_int_equal(gd_lab_recipe_digest(&r, two, &err), 0);
	assert_string_not_equal(one, two);
	assert_int_equal(gd_lab_recipe_write(&r, file, &err), 0);
	assert_int_equal(gd_file_read(file, 1 << 20, &image, &size, &err), 0);
	assert_memory_equal(image, "070701", 6);
}

static void test_ports_differ_and_skip_taken(void **ctx)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	struct gd_error err = GD_ERROR_INIT;
	uint16_t ports[GD_LAB_N_HOSTS];
	socklen_t len = sizeof(at);
	GD_AUTO_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint16_t taken;

	(void)ctx;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	taken = ntohs(at.sin_port);
	assert_int_equal(gd_lab_ports_choose(taken, ports, &err), 0);
	for (size_t i = 0; i < GD_LAB_N_HOSTS; i++) {
		assert_int_not_equal(ports[i], 0);
		assert_int_not_equal(ports[i], taken);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(ports[i], ports[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_topology_is_consistent),
		cmocka_unit_test(test_all_templates_fill),
		cmocka_unit_test(test_template),
		cmocka_unit_test(test_modules_order),
		cmocka_unit_test(test_bzimage),
		cmocka_unit_test(test_qemu_argv),
		cmocka_unit_test(test_inventory),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_health_of_another_question),
		cmocka_unit_test(test_process_start),
		cmocka_unit_test(test_interrupt_waits),
		cmocka_unit_test(test_interrupt_ignored_stays_so),
		cmocka_unit_test(test_ports_differ_and_skip_taken),
		cmocka_unit_test_setup_teardown(test_state_round_trip, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(test_clear_spares_other_files,
						folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_missing_packages_in_one_line,
						folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(test_lock_excludes, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(test_sparse_copy, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(test_recipe, folder_make, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
