/* SPDX-License-Identifier: Apache-2.0 */
/* page.html as it is in the source, put in by the assembler; ends with a NUL. */
#pragma once

extern const char gd_page_html[];
