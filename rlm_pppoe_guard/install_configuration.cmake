# Run by `cmake --install`: GUARD_FILES are put into GUARD_TO, but what the operator has edited stays. A file that is there
# and differs is left alone; the new one is put beside it as NAME.new, which the server does not read.
foreach(file IN LISTS GUARD_FILES)
    get_filename_component(name ${file} NAME)
    set(present "$ENV{DESTDIR}${GUARD_TO}/${name}")
    set(rename ${name})
    if(EXISTS ${present})
        file(SHA256 ${present} present_hash)
        file(SHA256 ${file} new_hash)
        if(NOT present_hash STREQUAL new_hash)
            set(rename ${name}.new)
            message(STATUS "Kept: ${present} differs from the one of this version, which is beside it as ${rename}")
        endif()
    endif()
    if(rename STREQUAL name)
        file(REMOVE "${present}.new")  # of an earlier upgrade: what is here now is the newest
    endif()
    file(INSTALL DESTINATION ${GUARD_TO} TYPE FILE RENAME ${rename} FILES ${file})
endforeach()
