# SPDX-License-Identifier: Apache-2.0
# Warning and hardening flags, for gcc >= 12 and clang >= 14.
set(GD_WARNINGS
	-Wall -Wextra -Wpedantic -Wshadow -Wvla -Wundef -Wformat=2 -Wwrite-strings
	-Wcast-qual -Wcast-align -Wpointer-arith -Wstrict-prototypes -Wold-style-definition
	-Wmissing-prototypes -Wmissing-declarations -Wredundant-decls -Wnull-dereference
	-Wdouble-promotion -Wswitch-enum -Wimplicit-fallthrough -Wconversion -Wsign-conversion)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
	list(APPEND GD_WARNINGS
		-Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init
		-Walloc-zero -Wformat-signedness -Wformat-truncation=1 -Wrestrict
		-Warith-conversion)
elseif(CMAKE_C_COMPILER_ID STREQUAL "Clang")
	list(APPEND GD_WARNINGS
		-Wmissing-variable-declarations -Wcomma -Wconditional-uninitialized
		-Wextra-semi-stmt)
endif()
if(GD_WERROR)
	list(APPEND GD_WARNINGS -Werror)
endif()
if(GD_SANITIZE AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
	# With the sanitizers' extra branches gcc 12 reports null paths and truncations
	# that the plain build, which keeps both warnings, does not have.
	list(APPEND GD_WARNINGS -Wno-null-dereference -Wno-format-truncation
		-Wno-maybe-uninitialized -Wno-stringop-truncation)
endif()

add_compile_definitions(_GNU_SOURCE)
if(GD_SANITIZE)
	add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
		-fno-omit-frame-pointer -g -O1)
	add_link_options(-fsanitize=address,undefined)
else()
	add_compile_options(-fstack-protector-strong)
	if(CMAKE_BUILD_TYPE MATCHES "Rel")
		add_compile_definitions(_FORTIFY_SOURCE=2)
	endif()
	add_link_options(-Wl,-z,relro,-z,now)
endif()
