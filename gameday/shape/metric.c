/* SPDX-License-Identifier: Apache-2.0 */
#include "gameday/shape/metric.h"

#include <math.h>
#include <stdio.h>

#include "gameday/base/units.h"

/* Never rounds up to 100 %: 99.999 % is not the same promise as 100 %. */
static void format_ratio(double fraction, char buf[32])
{
	double percent = fraction * 100;
	int decimals = 2;

	if (percent > 99 && percent < 100) {
		while (decimals < 6 && percent >= 100 - 0.5 * pow(10, -decimals))
			decimals++;
		(void)snprintf(buf, 32, "%.*f %%", decimals, percent);
		return;
	}
	(void)snprintf(buf, 32, "%.4g %%", percent);
}

static void format_bytes(double value, char buf[32])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	size_t i = 0;

	while (i + 1 < GD_N_ELEMS(units) && fabs(value) >= 1000) {
		value /= 1000;
		i++;
	}
	(void)snprintf(buf, 32, "%.3g %s", value, units[i]);
}

static void format_count(double value, char buf[32])
{
	if (value == floor(value) && fabs(value) < 1e15)
		(void)snprintf(buf, 32, "%.0f", value);
	else
		(void)snprintf(buf, 32, "%.4g", value);
}

const char *gd_metric_format(double value, enum gd_metric_unit unit, char buf[32])
{
	if (!isfinite(value)) {
		(void)snprintf(buf, 32, "–");
		return buf;
	}
	switch (unit) {
	case GD_UNIT_DURATION:
		if (fabs(value) < 9e18)
			return gd_span_human((struct gd_span){llround(value)}, buf);
		(void)snprintf(buf, 32, "%.3g s", value / 1e9);
		break;
	case GD_UNIT_RATIO:
		format_ratio(value, buf);
		break;
	case GD_UNIT_FREQ:
		(void)snprintf(buf, 32, fabs(value) >= 99.95 ? "%.0f /s" : "%#.3g /s",
			       value);
		break;
	case GD_UNIT_BYTES:
		format_bytes(value, buf);
		break;
	case GD_UNIT_COUNT:
		format_count(value, buf);
		break;
	}
	return buf;
}
