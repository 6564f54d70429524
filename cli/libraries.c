/* libraries: what this program was built with, for --version and bug reports. */
#include "cli/cli.h"

#include <archive.h>
#include <libdeflate.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <utf8proc.h>
#include <xxhash.h>
#include <yajl/yajl_version.h>
#include <zlib.h>
#include <zstd.h>
#ifdef WARCMILL_HAVE_BROTLI
#include <brotli/decode.h>
#endif
#ifdef WARCMILL_HAVE_CURL
#include <curl/curl.h>
#endif
#ifdef WARCMILL_HAVE_PSL
#include <libpsl.h>
#endif

void cli_print_libraries(void)
{
	printf("zlib %s\nlibdeflate %s\nzstd %s\n%s\nxxHash %d.%d.%d\n%s\nutf8proc %s\nyajl %d.%d.%d\n", zlibVersion(),
	       LIBDEFLATE_VERSION_STRING, ZSTD_versionString(), archive_version_string(), XXH_VERSION_MAJOR,
	       XXH_VERSION_MINOR, XXH_VERSION_RELEASE, OpenSSL_version(OPENSSL_VERSION), utf8proc_version(), YAJL_MAJOR,
	       YAJL_MINOR, YAJL_MICRO);
#ifdef _OPENMP
	printf("OpenMP %d\n", _OPENMP);
#endif
#ifdef WARCMILL_HAVE_BROTLI
	unsigned brotli = (unsigned)BrotliDecoderVersion();
	printf("brotli %u.%u.%u\n", brotli >> 24, brotli >> 12 & 0xFFF, brotli & 0xFFF);
#else
	puts("without brotli");
#endif
#ifdef WARCMILL_HAVE_CURL
	printf("libcurl %s\n", curl_version_info(CURLVERSION_NOW)->version);
#else
	puts("without libcurl");
#endif
#ifdef WARCMILL_HAVE_PSL
	printf("libpsl %s\n", psl_get_version());
#else
	puts("without libpsl");
#endif
#ifdef WARCMILL_HAVE_UCHARDET
	puts("uchardet");
#else
	puts("without uchardet");
#endif
#ifdef WARCMILL_HAVE_CLD2
	puts("CLD2");
#else
	puts("without CLD2");
#endif
}
