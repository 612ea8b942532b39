# guard_library(NAME sources... [LINK libraries...]): a static library guard_NAME with the project's flags and include root.
# guard_program(NAME sources... [LINK libraries...]): a program in bin/.

add_library(guard_flags INTERFACE)
target_include_directories(guard_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(guard_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
    $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast> $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)
if(GUARD_DEVELOPER_MODE)
    target_compile_options(guard_flags INTERFACE -Werror)
endif()
if(GUARD_SANITIZE)
    add_compile_options(-fsanitize=${GUARD_SANITIZE} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${GUARD_SANITIZE})
    if(GUARD_SANITIZE MATCHES "undefined")
        add_compile_options(-fno-sanitize-recover=undefined)
    endif()
endif()

function(guard_library name)
    cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
    add_library(guard_${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
    target_link_libraries(guard_${name} PUBLIC ${ARG_LINK} PRIVATE guard_flags)
    target_include_directories(guard_${name} PUBLIC ${CMAKE_SOURCE_DIR})
endfunction()

function(guard_program name)
    cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
    add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
    target_link_libraries(${name} PRIVATE ${ARG_LINK} guard_flags)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
endfunction()
