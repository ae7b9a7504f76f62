/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds every file of a corpus folder to a fuzz target, so that ctest replays it. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gameday/base/auto.h"
#include "gameday/base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *dir, const char *name)
{
	GD_AUTO_FREE char *path = gd_path_join(dir, name);
	GD_AUTO_FREE char *data = NULL;
	struct gd_error err = GD_ERROR_INIT;
	size_t size;

	if (!path || gd_file_read(path, (size_t)16 << 20, &data, &size, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	return LLVMFuzzerTestOneInput((const uint8_t *)data, size);
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	int n = 0;
	DIR *dir;

	dir = argc == 2 ? opendir(argv[1]) : NULL;
	if (!dir) {
		(void)fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
		return 2;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (replay(argv[1], entry->d_name) != 0)
			return 1;
		n++;
	}
	(void)closedir(dir);
	(void)printf("%d inputs replayed\n", n);
	/* An empty corpus would pass without having tested anything. */
	return n > 0 ? 0 : 1;
}
