# Makes a C file of the report's text files: cmake -DOUT=report_assets.c -DFOLDER=corpus/report -P embed.cmake
set(text "/* Made by embed.cmake. */\nextern const char report_html[], report_css[], report_js[];\n")
foreach(kind html css js)
	file(READ ${FOLDER}/report.${kind} bytes HEX)
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
	string(APPEND text "const char report_${kind}[] = {${bytes}0};\n")
endforeach()
# Bytes above 127 are given by their value modulo 256.
string(REGEX REPLACE "0x([89a-f][0-9a-f])" "(char)0x\\1" text "${text}")
file(WRITE ${OUT} "${text}")
