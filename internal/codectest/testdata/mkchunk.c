/*
 * mkchunk: makes test vectors with wimlib's public compression API.
 *
 *   mkchunk compress xpress|lzx WINDOW LEVEL < data > chunk
 *   mkchunk patchwork SIZE SEED < data > patched
 *
 * "compress" compresses one chunk, lets wimlib decompress it again, and compares.
 * "patchwork" repeats pieces of its input at random until SIZE bytes are there,
 * so that little data fills a large window and needs offsets of all sizes.
 *
 * Build: gcc -O2 -Wall -o mkchunk mkchunk.c -lwim      (Debian: libwim-dev)
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wimlib.h>

#define MAX_SIZE (2 << 20)

static unsigned char data[MAX_SIZE], chunk[MAX_SIZE], again[MAX_SIZE];

static void die(const char *what)
{
	fprintf(stderr, "mkchunk: %s\n", what);
	exit(1);
}

/* Knuth's MMIX generator; the upper half is the better one. */
static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 32;
}

static void compress(const char *codec, size_t window, unsigned level, size_t size)
{
	enum wimlib_compression_type type = strcmp(codec, "lzx") == 0
		? WIMLIB_COMPRESSION_TYPE_LZX : WIMLIB_COMPRESSION_TYPE_XPRESS;
	struct wimlib_compressor *c;
	struct wimlib_decompressor *d;
	size_t n;

	if (wimlib_create_compressor(type, window, level, &c) ||
	    wimlib_create_decompressor(type, window, &d))
		die("wimlib does not take this window size");
	n = wimlib_compress(data, size, chunk, size - 1, c);
	if (n == 0)
		die("data does not compress");
	if (wimlib_decompress(chunk, n, again, size, d) || memcmp(data, again, size) != 0)
		die("wimlib does not decompress what it compressed");
	fwrite(chunk, 1, n, stdout);
}

static void patchwork(size_t have, size_t size, uint64_t seed)
{
	while (have < size) {
		size_t length = 16 + next_random(&seed) % 3000;
		size_t from = next_random(&seed) % have;

		if (length > size - have)
			length = size - have;
		for (size_t i = 0; i < length; i++)
			data[have + i] = data[from + i];
		have += length;
	}
	fwrite(data, 1, size, stdout);
}

int main(int argc, char **argv)
{
	size_t size = fread(data, 1, sizeof(data), stdin);

	if (size == 0)
		die("no input");
	if (argc == 5 && strcmp(argv[1], "compress") == 0)
		compress(argv[2], atol(argv[3]), atoi(argv[4]), size);
	else if (argc == 4 && strcmp(argv[1], "patchwork") == 0 && atol(argv[2]) <= MAX_SIZE)
		patchwork(size, atol(argv[2]), atol(argv[3]));
	else
		die("wrong arguments; see the comment at the top of mkchunk.c");
	return 0;
}
