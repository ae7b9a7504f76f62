/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cmocka_all.h"

#include <string.h>

#include "gameday/watch/kmsg.h"
#include "gameday/watch/watch.h"

/* Level and facility, text, and what they count as. */
static void test_what_counts(void **state GD_UNUSED)
{
	static const struct {
		const char *record;
		int errors, disk_errors, matched;
	} rows[] = {
		{"3,812,41950313,-;Buffer I/O error on dev dm-3, logical block 0, async "
		 "page read\n",
		 1, 1, 0},
		{"3,813,41950400,-;critical medium error, dev sda, sector 5 op 0x0:(READ)\n"
		 " SUBSYSTEM=scsi\n DEVICE=+scsi:2:0:0:0\n",
		 1, 1, 0},
		{"2,9,7,-;EXT4-fs error (device dm-0): ext4_find_entry:1658: inode #2\n",
		 1, 1, 0},
		{"4,10,8,-;nvme nvme0: I/O 12 QID 1 timeout, aborting\n", 0, 1, 0},
		{"6,11,9,-;EXT4-fs (dm-0): mounted filesystem, errors=remount-ro\n", 0, 0,
		 0},
		{"3,12,10,-;e1000: eth1 NIC Link is Down\n", 1, 0, 1},
		{"6,13,11,-;e1000: eth1 NIC Link is Up\n", 0, 0, 1},
		/* A program said so (facility 1 and 3), a property did, or nobody. */
		{"11,14,12,-;I/O error, Link\n", 0, 0, 0},
		{"27,15,13,-;I/O error\n", 0, 0, 0},
		{"6,16,14,-;all well\n TEXT=I/O error Link\n", 0, 0, 0},
		{"3;I/O error", 0, 0, 0},
		{";", 0, 0, 0},
		{"3,4,5,-", 0, 0, 0},
		{"", 0, 0, 0},
	};

	for (size_t i = 0; i < GD_N_ELEMS(rows); i++) {
		struct gd_kmsg_counts c = {0};

		gd_kmsg_count(rows[i].record, "Link", &c);
		if (c.errors != rows[i].errors || c.disk_errors != rows[i].disk_errors ||
		    c.matched != rows[i].matched)
			fail_msg("%s: %d %d %d", rows[i].record, (int)c.errors,
				 (int)c.disk_errors, (int)c.matched);
	}
}

static void test_no_match_is_asked_for(void **state GD_UNUSED)
{
	struct gd_kmsg_counts c = {0};

	gd_kmsg_count("3,12,10,-;Link is Down\n", "", &c);
	assert_int_equal(c.errors, 1);
	assert_int_equal(c.matched, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_counts),
		cmocka_unit_test(test_no_match_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
