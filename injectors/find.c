/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "injectors/injector.h"

const struct gd_injector *gd_injector_find(const char *name)
{
	for (size_t i = 0; gd_injectors[i]; i++)
		if (strcmp(gd_injectors[i]->name, name) == 0)
			return gd_injectors[i];
	return NULL;
}
