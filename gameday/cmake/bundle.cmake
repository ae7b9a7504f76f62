# SPDX-License-Identifier: Apache-2.0
# gd_agent_bundle(TARGET OUTPUT): one file that the runner uploads, made of the executable
# TARGET (stripped), its shared libraries, its dynamic loader and the static launcher.
function(gd_agent_bundle target output)
	add_custom_command(OUTPUT ${output}
		COMMAND ${CMAKE_STRIP} -o ${output}.stripped $<TARGET_FILE:${target}>
		COMMAND gd-pack-agent ${output}.stripped $<TARGET_FILE:gd-agent-launcher> ${output}
		COMMAND ${CMAKE_COMMAND} -E rm -f ${output}.stripped
		DEPENDS ${target} gd-pack-agent gd-agent-launcher
		COMMENT "Bundling ${target}" VERBATIM)
	add_custom_target(${target}-bundle ALL DEPENDS ${output})
endfunction()

# The agent's bundle lies beside the gameday executable, where the runner looks for it.
function(gd_bundle_agent)
	if(TARGET gameday-agent)
		set(dir ${CMAKE_BINARY_DIR})
		if(TARGET gameday)
			get_target_property(dir gameday RUNTIME_OUTPUT_DIRECTORY)
			if(NOT dir)
				get_target_property(dir gameday BINARY_DIR)
			endif()
		endif()
		gd_agent_bundle(gameday-agent ${dir}/gameday-agent.bundle)
		install(FILES ${dir}/gameday-agent.bundle DESTINATION lib/gameday)
	endif()
endfunction()
