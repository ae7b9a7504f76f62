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

static void add_number(struct gd_strbuf *sb, int64_t value)
{
	uint64_t v = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
	int n = 0;

	for (; v >= 0x80 && n < 8; n++, v >>= 7)
		gd_strbuf_addc(sb, (char)((v & 0x7f) | 0x80));
	gd_strbuf_addc(sb, (char)v);
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

static void add_counts(const struct gd_hist *h, struct gd_strbuf *sb)
{
	int64_t end = h->count > 0 ? gd_hist_index(&gd_hist_own, h->max) + 1 : 1;
	int64_t i = 0;

	while (i < end) {
		int64_t first = i;

		i = gd_hist_next(h, i);
		i = i < end ? i : end;
		/* A lone zero is written as the count 0, as the reference does. */
		if (i > first) {
			add_number(sb, i - first == 1 ? 0 : first - i);
		} else {
			add_number(sb, (int64_t)gd_hist_at(h, i));
			i++;
		}
	}
}

static void add_payload(const struct gd_hist *h, struct gd_strbuf *sb)
{
	GD_AUTO_STRBUF(counts);
	double ratio = 1.0;
	uint64_t ratio_bits;

	add_counts(h, &counts);
	memcpy(&ratio_bits, &ratio, sizeof(ratio_bits));
	add_be32(sb, COOKIE_V2);
	add_be32(sb, (uint32_t)counts.len);
	add_be32(sb, 0); /* normalizing index offset: never shifted */
	add_be32(sb, GD_HIST_DIGITS);
	add_be64(sb, GD_HIST_LOWEST);
	add_be64(sb, (uint64_t)GD_HIST_HIGHEST);
	add_be64(sb, ratio_bits);
	gd_strbuf_add(sb, counts.data, counts.len);
	sb->failed |= counts.failed;
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
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decodes strictly: whole quads, padding only at the end. */
static int decode_base64(const char *s, struct gd_strbuf *out, struct gd_error *err)
{
	size_t len = strnlen(s, MAX_BASE64 + 1), size = 0;
	GD_AUTO_FREE char *bytes = NULL;

	if (len == 0 || len > MAX_BASE64 || len % 4 != 0)
		return bad(err, "the base64 text is empty, too long or cut off");
	bytes = malloc(len / 4 * 3);
	for (size_t i = 0; bytes && i < len; i += 4) {
		size_t pad =
			i + 4 < len ? 0 : (size_t)(s[i + 3] == '=') + (s[i + 2] == '=');
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++) {
			int d = k < 4 - pad ? sextet(s[i + k]) : 0;

			if (d < 0 || (pad == 2 && s[i + 3] != '='))
				return bad(err, "the text is not base64");
			v = v << 6 | (uint32_t)d;
		}
		bytes[size] = (char)(v >> 16);
		bytes[size + 1] = (char)(v >> 8);
		bytes[size + 2] = (char)v;
		size += 3 - pad;
	}
	if (bytes)
		gd_strbuf_add(out, bytes, size);
	return !bytes || out->failed ? gd_raise_nomem(err) : 0;
}

/* Unpacks the compressed form into a buffer that the caller frees. */
static int unpack(const struct gd_strbuf *packed, unsigned char **ret, size_t *ret_size,
		  struct gd_error *err)
{
	const unsigned char *p = (const unsigned char *)packed->data;
	GD_AUTO_FREE unsigned char *buf = malloc(MAX_PAYLOAD);
	uLongf size = MAX_PAYLOAD;

	if (!buf)
		return gd_raise_nomem(err);
	if (packed->len < 8 || get_be32(p) != COOKIE_V2_COMPRESSED)
		return bad(err, "not the compressed V2 form of HdrHistogram");
	if (get_be32(p + 4) != packed->len - 8)
		return bad(err, "the compressed length does not fit the text");
	if (uncompress(buf, &size, p + 8, packed->len - 8) != Z_OK)
		return bad(err, "the compressed part is damaged or larger than 1 MiB");
	*ret = gd_steal_ptr(&buf);
	*ret_size = size;
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

static int add_foreign(struct gd_hist *h, const struct gd_hist_layout *l, int64_t index,
		       int64_t n, struct gd_error *err)
{
	int64_t low = gd_hist_lowest(l, index), high = gd_hist_highest(l, index);
	int64_t own;

	if (low > GD_HIST_HIGHEST)
		return bad(err, "a value is larger than 1 h");
	if (h->count > (uint64_t)(INT64_MAX - n))
		return bad(err, "the counts add up to more than 2^63");
	own = gd_hist_index(&gd_hist_own, low);
	gd_hist_add(h, own, (uint64_t)n, low,
		    high > GD_HIST_HIGHEST ? GD_HIST_HIGHEST : high);
	return h->lost > 0 ? gd_raise_nomem(err) : 0;
}

static int read_counts(struct gd_hist *h, const struct gd_hist_layout *l, struct reader r,
		       struct gd_error *err)
{
	int64_t index = 0, n = 0;
	int got;

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

int gd_hist_decode(const char *base64, struct gd_hist **ret, struct gd_error *err)
{
	GD_AUTO_STRBUF(packed);
	GD_AUTO_FREE unsigned char *payload = NULL;
	GD_AUTO(gd_hist) struct gd_hist *h = gd_hist_new();
	size_t size = 0;

	if (!h)
		return gd_raise_nomem(err);
	if (decode_base64(base64, &packed, err) < 0 ||
	    unpack(&packed, &payload, &size, err) < 0 ||
	    read_payload(h, payload, size, err) < 0)
		return -1;
	*ret = gd_steal_ptr(&h);
	return 0;
}
