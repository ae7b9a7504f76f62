/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's kernel: the distribution's own, fetched as a package and never installed. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "gameday/base/attr.h"
#include "gameday/base/error.h"

struct gd_lab_kernel {
	char *release; /* "6.1.0-56-amd64"; all owned */
	char *vmlinux; /* path of the unpacked ELF image */
	char *modules; /* path of lib/modules/RELEASE, modules.dep included */
};

#define GD_AUTO_LAB_KERNEL(name)                                                         \
	__attribute__((cleanup(gd_lab_kernel_fini))) struct gd_lab_kernel name = {0}

typedef void gd_lab_say_fn(void *ctx, const char *text);

/*
 * Finds the kernel in the cache, or takes the installed one if it is readable and has e1000, or
 * downloads the package (apt-get download; no root) and unpacks it below cache/kernel. `say` hears
 * of the slow steps.
 */
int gd_lab_kernel_get(const char *cache, gd_lab_say_fn *say, void *say_ctx,
		      struct gd_lab_kernel *ret, struct gd_error *err)
	GD_NONNULL_ARGS(1, 2, 4, 5) GD_MUST_CHECK;
void gd_lab_kernel_fini(struct gd_lab_kernel *k) GD_NONNULL;

/* Where in a bzImage the compressed vmlinux lies, by its setup header. Refuses anything else. */
int gd_lab_bzimage_payload(const void *image, size_t size, size_t *ret_offset,
			   size_t *ret_size,
			   struct gd_error *err) GD_NONNULL GD_MUST_CHECK;
