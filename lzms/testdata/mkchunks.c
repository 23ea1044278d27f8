/*
 * Compresses slices of a file as LZMS chunks with libwim's public API, and
 * prints one line a chunk: output name, uncompressed size.
 *
 *   cc -O2 -o mkchunks mkchunks.c -lwim
 *   mkchunks LEVEL INPUT OFFSET SIZE OUTPUT
 *
 * See README.md for the calls that made the files beside this one. It is
 * not built by go test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <wimlib.h>

static void die(const char *what)
{
	fprintf(stderr, "mkchunks: %s\n", what);
	exit(1);
}

int main(int argc, char **argv)
{
	struct wimlib_compressor *c;
	FILE *f;
	char *in, *out;
	size_t size, n;

	if (argc != 6)
		die("usage: mkchunks LEVEL INPUT OFFSET SIZE OUTPUT");
	size = strtoul(argv[4], NULL, 0);
	in = malloc(size);
	out = malloc(size);
	f = fopen(argv[2], "rb");
	if (!in || !out || !f)
		die("cannot open the input");
	if (fseek(f, strtol(argv[3], NULL, 0), SEEK_SET) ||
	    fread(in, 1, size, f) != size)
		die("the input is too short");
	fclose(f);

	if (wimlib_create_compressor(WIMLIB_COMPRESSION_TYPE_LZMS, size,
				     atoi(argv[1]), &c))
		die("no compressor for this size");
	n = wimlib_compress(in, size, out, size - 1, c);
	if (n == 0)
		die("this slice does not compress");
	wimlib_free_compressor(c);

	f = fopen(argv[5], "wb");
	if (!f || fwrite(out, 1, n, f) != n || fclose(f))
		die("cannot write the output");
	printf("%s %zu\n", argv[5], size);
	return 0;
}
