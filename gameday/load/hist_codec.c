/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HdrHistogram's V2 encoding: base64( cookie, length, zlib( header, counts ) ). All header
 * integers are big-endian. Counts are ZigZag LEB128 numbers of at most 9 bytes (the ninth
 * holds 8 bits); a negative number -n is a run of n zeros. Field order and cookies are
 * those of the reference implementation (AbstractHistogram.encodeIntoByteBuffer).
 */
#include "gameday/load/hist.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "gameday/base/strbuf.h"
#include "gameday/load/hist_impl.h"

enum {
	COOKIE_V2 = 0x1c849313,
	COOKIE_V2_COMPRESSED = 0x1c849314,
	HEADER_SIZE = 40,
	MAX_BASE64 = 1 << 20,
	MAX_PAYLOAD = 1 << 20,
	/* What an interval needs: decoding many must not cost a large buffer each. */
	USUAL_PACKED = 6 << 10,
	USUAL_PAYLOAD = 12 << 10,
	MAX_NUMBER = 9, /* bytes */
};

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void add_be32(struct gd_strbuf *sb, uint32_t v)
{
	uint32_t be = htobe32(v);

	gd_strbuf_add(sb, &be, sizeof(be));
}

static void add_be64(struct gd_strbuf *sb, uint64_t v)
{
	uint64_t be = htobe64(v);

	gd_strbuf_add(sb, &be, sizeof(be));
}

static uint32_t get_be32(const unsigned char *p)
{
	uint32_t be;

	memcpy(&be, p, sizeof(be));
	return be32toh(be);
}

static uint64_t get_be64(const unsigned char *p)
{
	uint64_t be;

	memcpy(&be, p, sizeof(be));
	return be64toh(be);
}

/* Writes at most MAX_NUMBER bytes and returns how many. */
static size_t put_number(unsigned char *to, int64_t value)
{
	uint64_t v = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
	size_t n = 0;

	for (; v >= 0x80 && n < MAX_NUMBER - 1; v >>= 7)
		to[n++] = (unsigned char)((v & 0x7f) | 0x80);
	to[n++] = (unsigned char)v;
	return n;
}

struct reader {
	const unsigned char *p, *end;
};

/* 1: *ret is the next number; 0: the end; -1: cut off. */
static int next_number(struct reader *r, int64_t *ret)
{
	uint64_t v = 0;

	if (r->p == r->end)
		return 0;
	if (!(*r->p & 0x80)) { /* most are of one byte */
		v = *r->p++;
		*ret = (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
		return 1;
	}
	for (unsigned n = 0; r->p < r->end; n++) {
		uint64_t byte = *r->p++;

		v |= (n < 8 ? byte & 0x7f : byte) << (7 * n);
		if (n == 8 || !(byte & 0x80)) {
			*ret = (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
			return 1;
		}
	}
	return -1;
}

static size_t n_used(const struct gd_hist *h)
{
	struct gd_hist_walk w = {.h = h};
	size_t n = 0;

	if (h->list)
		return h->n_list;
	while (gd_hist_walk(&w))
		n++;
	return n;
}

/* A run of zeros; a lone one is written as the count 0, as the reference does. */
static size_t put_zeros(unsigned char *to, int64_t n)
{
	return n == 0 ? 0 : put_number(to, n == 1 ? 0 : -n);
}

/* The counts up to the highest value, in a buffer that the caller frees; NULL: no memory. */
static unsigned char *make_counts(const struct gd_hist *h, size_t *ret_size)
{
	struct gd_hist_walk w = {.h = h};
	unsigned char *to = malloc((n_used(h) + 1) * 2 * MAX_NUMBER);
	int64_t next = 0;
	size_t size = 0;

	if (!to)
		return NULL;
	while (gd_hist_walk(&w)) {
		size += put_zeros(to + size, w.index - next);
		size += put_number(to + size, (int64_t)w.n);
		next = w.index + 1;
	}
	if (next == 0)
		size = put_number(to, 0); /* of one that is empty */
	*ret_size = size;
	return to;
}

static void add_payload(const struct gd_hist *h, struct gd_strbuf *sb)
{
	size_t size = 0;
	GD_AUTO_FREE unsigned char *counts = make_counts(h, &size);
	double ratio = 1.0;
	uint64_t ratio_bits;

	memcpy(&ratio_bits, &ratio, sizeof(ratio_bits));
	add_be32(sb, COOKIE_V2);
	add_be32(sb, (uint32_t)size);
	add_be32(sb, 0); /* normalizing index offset: never shifted */
	add_be32(sb, GD_HIST_DIGITS);
	add_be64(sb, GD_HIST_LOWEST);
	add_be64(sb, (uint64_t)GD_HIST_HIGHEST);
	add_be64(sb, ratio_bits);
	gd_strbuf_add(sb, counts, size);
	sb->failed |= !counts;
}

static void add_base64(struct gd_strbuf *sb, const unsigned char *p, size_t size)
{
	for (size_t i = 0; i < size; i += 3) {
		size_t n = size - i < 3 ? size - i : 3;
		uint32_t v = (uint32_t)p[i] << 16 |
			     (n > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
			     (n > 2 ? p[i + 2] : 0);
		const char quad[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63],
				      n > 1 ? alphabet[v >> 6 & 63] : '=',
				      n > 2 ? alphabet[v & 63] : '='};

		gd_strbuf_add(sb, quad, sizeof(quad));
	}
}

int gd_hist_encode(const struct gd_hist *h, char **ret, struct gd_error *err)
{
	GD_AUTO_STRBUF(payload);
	GD_AUTO_STRBUF(packed);
	GD_AUTO_STRBUF(text);
	GD_AUTO_FREE unsigned char *z = NULL;
	uLongf z_size;

	add_payload(h, &payload);
	z_size = compressBound(payload.len);
	z = malloc(z_size);
	if (payload.failed || !z)
		return gd_raise_nomem(err);
	if (compress(z, &z_size, (const Bytef *)payload.data, payload.len) != Z_OK)
		return gd_raise_nomem(err);
	add_be32(&packed, COOKIE_V2_COMPRESSED);
	add_be32(&packed, (uint32_t)z_size);
	gd_strbuf_add(&packed, z, z_size);
	if (packed.failed)
		return gd_raise_nomem(err);
	add_base64(&text, (const unsigned char *)packed.data, packed.len);
	*ret = gd_strbuf_steal(&text);
	return *ret ? 0 : gd_raise_nomem(err);
}

static int bad(struct gd_error *err, const char *what)
{
	return gd_raise(err, GD_E_INPUT, "histogram: %s", what);
}

/* What a character stands for; -1: it is none of the alphabet's. */
static int sextet(char c)
{
	static const signed char values['z' - '+' + 1] = {
		62, -1, -1, -1, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1,
		-1, -1, -1, -1, -1, -1, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,
		10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
		-1, -1, -1, -1, -1, -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
		36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51};

	return c >= '+' && c <= 'z' ? values[c - '+'] : -1;
}

/* Three bytes of four characters, of which the last pad are padding; -1: no base64. */
static int decode_quad(const char *s, size_t pad, unsigned char *out)
{
	int a = sextet(s[0]), b = sextet(s[1]), c = pad < 2 ? sextet(s[2]) : 0,
	    d = pad < 1 ? sextet(s[3]) : 0;

	if ((a | b | c | d) < 0)
		return -1;
	out[0] = (unsigned char)(a << 2 | b >> 4);
	out[1] = (unsigned char)((b & 15) << 4 | c >> 2);
	out[2] = (unsigned char)((c & 3) << 6 | d);
	return 0;
}

/*
 * Decodes strictly: whole quads, padding only at the end. out has room for 3 bytes for each
 * 4 characters; returns how many it got, 0 when the text is not base64.
 */
static size_t decode_base64(const char *s, size_t len, unsigned char *out)
{
	size_t pad = s[len - 1] == '=' ? 1 + (s[len - 2] == '=') : 0, size = 0;

	for (size_t i = 0; i < len; i += 4, size += 3)
		if (decode_quad(s + i, i + 4 < len ? 0 : pad, out + size) < 0)
			return 0;
	return size - pad;
}

/* A buffer that is on the stack unless much is needed. */
struct packed {
	unsigned char usual[USUAL_PACKED], *large; /* owned */
};

static int open_base64(const char *s, struct packed *buf, const unsigned char **ret,
		       size_t *ret_size, struct gd_error *err)
{
	size_t len = strnlen(s, MAX_BASE64 + 1);
	unsigned char *out = buf->usual;

	if (len == 0 || len > MAX_BASE64 || len % 4 != 0)
		return bad(err, "the base64 text is empty, too long or cut off");
	if (len / 4 * 3 > sizeof(buf->usual)) {
		out = buf->large = malloc(len / 4 * 3);
		if (!out)
			return gd_raise_nomem(err);
	}
	*ret_size = decode_base64(s, len, out);
	if (*ret_size == 0)
		return bad(err, "the text is not base64");
	*ret = out;
	return 0;
}

/* floor(log2(v)), v > 0 */
static int log2_floor(int64_t v)
{
	return 63 - __builtin_clzll((uint64_t)v);
}

/* The layout that HdrHistogram derives from its three parameters. */
static int make_layout(int64_t lowest, int64_t highest, uint32_t digits,
		       struct gd_hist_layout *ret, struct gd_error *err)
{
	int64_t single_unit = 2, n_buckets = 1, untrackable;
	struct gd_hist_layout l = {0};

	if (lowest < 1 || highest < lowest || highest - lowest < lowest || digits > 5)
		return bad(err, "lowest, highest or digits are out of range");
	for (uint32_t i = 0; i < digits; i++)
		single_unit *= 10;
	l.unit_bits = log2_floor(lowest);
	l.half_bits = log2_floor(single_unit - 1);
	if (l.unit_bits + l.half_bits + 1 > 61)
		return bad(err, "lowest and digits need more than 61 bits");
	untrackable = INT64_C(1) << (l.half_bits + 1 + l.unit_bits);
	for (; untrackable <= highest; n_buckets++) {
		if (untrackable > INT64_MAX / 2) {
			n_buckets++;
			break;
		}
		untrackable <<= 1;
	}
	l.n_counts = (n_buckets + 1) << l.half_bits;
	*ret = l;
	return 0;
}

/* The list a histogram is read into: indexes come in ascending order. */
static void append(struct gd_hist *h, int64_t index, uint64_t n)
{
	struct gd_hist_pair *last = h->n_list > 0 ? &h->list[h->n_list - 1] : NULL;

	if (last && last->index == (uint32_t)index)
		last->n += n; /* steps of a finer layout */
	else
		h->list[h->n_list++] = (struct gd_hist_pair){(uint32_t)index, n};
}

static int add_foreign(struct gd_hist *h, const struct gd_hist_layout *l, int64_t index,
		       int64_t n, struct gd_error *err)
{
	int64_t low = gd_hist_lowest(l, index), high = gd_hist_highest(l, index);

	if (low > GD_HIST_HIGHEST)
		return bad(err, "a value is larger than 1 h");
	if (h->count > (uint64_t)(INT64_MAX - n))
		return bad(err, "the counts add up to more than 2^63");
	append(h, gd_hist_index(&gd_hist_own, low), (uint64_t)n);
	gd_hist_note_extremes(h, low, high > GD_HIST_HIGHEST ? GD_HIST_HIGHEST : high);
	h->count += (uint64_t)n;
	return 0;
}

/* h is new. */
static int read_counts(struct gd_hist *h, const struct gd_hist_layout *l, struct reader r,
		       struct gd_error *err)
{
	size_t most = (size_t)(r.end - r.p); /* a number has a byte at least */
	int64_t index = 0, n = 0;
	int got;

	most = most < GD_HIST_N_COUNTS ? most : GD_HIST_N_COUNTS;
	h->list = malloc((most + 1) * sizeof(*h->list));
	h->n_list = 0;
	if (!h->list)
		return gd_raise_nomem(err);
	while ((got = next_number(&r, &n)) > 0) {
		int64_t step = n < 0 ? n : -1;

		if (n == INT64_MIN || -step > l->n_counts - index)
			return bad(err, "more counts than the layout has");
		if (n > 0 && add_foreign(h, l, index, n, err) < 0)
			return -1;
		index -= step;
	}
	return got < 0 ? bad(err, "a count is cut off") : 0;
}

static int read_payload(struct gd_hist *h, const unsigned char *p, size_t size,
			struct gd_error *err)
{
	struct gd_hist_layout l = {0};
	double ratio;
	uint64_t ratio_bits;

	if (size < HEADER_SIZE || get_be32(p) != COOKIE_V2)
		return bad(err, "the payload is not HdrHistogram V2");
	if (get_be32(p + 4) != size - HEADER_SIZE)
		return bad(err, "the payload length does not fit");
	ratio_bits = get_be64(p + 32);
	memcpy(&ratio, &ratio_bits, sizeof(ratio));
	if (get_be32(p + 8) != 0 || !(ratio >= 1.0 && ratio <= 1.0))
		return bad(err,
			   "shifted and floating-point histograms are not supported");
	if (make_layout((int64_t)get_be64(p + 16), (int64_t)get_be64(p + 24),
			get_be32(p + 12), &l, err) < 0)
		return -1;
	return read_counts(h, &l, (struct reader){p + HEADER_SIZE, p + size}, err);
}

/* Unpacks into buf, of size bytes. 1: it is too small. */
static int unpack_into(const unsigned char *p, size_t n, unsigned char *buf, size_t size,
		       struct gd_hist *h, struct gd_error *err)
{
	uLongf got = size;
	int rc = uncompress(buf, &got, p, n);

	if (rc == Z_BUF_ERROR && size < MAX_PAYLOAD)
		return 1;
	if (rc == Z_MEM_ERROR)
		return gd_raise_nomem(err);
	if (rc != Z_OK)
		return bad(err, "the compressed part is damaged or larger than 1 MiB");
	return read_payload(h, buf, got, err);
}

static int unpack(const unsigned char *p, size_t size, struct gd_hist *h,
		  struct gd_error *err)
{
	GD_AUTO_FREE unsigned char *large = NULL;
	unsigned char usual[USUAL_PAYLOAD];
	int rc;

	if (size < 8 || get_be32(p) != COOKIE_V2_COMPRESSED)
		return bad(err, "not the compressed V2 form of HdrHistogram");
	if (get_be32(p + 4) != size - 8)
		return bad(err, "the compressed length does not fit the text");
	rc = unpack_into(p + 8, size - 8, usual, sizeof(usual), h, err);
	if (rc <= 0)
		return rc;
	large = malloc(MAX_PAYLOAD);
	if (!large)
		return gd_raise_nomem(err);
	return unpack_into(p + 8, size - 8, large, MAX_PAYLOAD, h, err);
}

int gd_hist_decode(const char *base64, struct gd_hist **ret, struct gd_error *err)
{
	GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();
	const unsigned char *p = NULL;
	struct packed buf;
	size_t size = 0;
	int rc;

	if (!h)
		return gd_raise_nomem(err);
	buf.large = NULL;
	rc = open_base64(base64, &buf, &p, &size, err);
	if (rc == 0)
		rc = unpack(p, size, h, err);
	free(buf.large);
	if (rc < 0)
		return -1;
	*ret = gd_steal_ptr(&h);
	return 0;
}

/* --- keeping many ----------------------------------------------------------------------- */

struct gd_hist_pack {
	int64_t min, max;
	size_t size;
	unsigned char counts[]; /* as in the encoding */
};

struct gd_hist_pack *gd_hist_pack(const struct gd_hist *h)
{
	size_t size = 0;
	GD_AUTO_FREE unsigned char *counts = make_counts(h, &size);
	struct gd_hist_pack *p = counts ? malloc(sizeof(*p) + size) : NULL;

	if (!p)
		return NULL;
	*p = (struct gd_hist_pack){.min = h->min, .max = h->max, .size = size};
	memcpy(p->counts, counts, size);
	return p;
}

struct gd_hist *gd_hist_unpack(const struct gd_hist_pack *p)
{
	GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();
	struct gd_error ignored = GD_ERROR_INIT;

	/* It was packed here: only memory can fail. */
	if (!h ||
	    read_counts(h, &gd_hist_own, (struct reader){p->counts, p->counts + p->size},
			&ignored) < 0)
		return NULL;
	h->min = p->min;
	h->max = p->max;
	return gd_steal_ptr(&h);
}
