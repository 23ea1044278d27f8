//go:build !noasm && !purego

package lzms

import "github.com/wimble-go/wimble/internal/repeat"

// loopAVX2 is goLoop in assembly.
func loopAVX2(d *Decoder) pause {
	items := d.batch()
	if items == 0 {
		return pauseItem
	}
	return asmLoop(d, items)
}

// asmLoop is the part of goLoop after batch; items is at least 1. Every batch
// ends when a code is due to be rebuilt, so that it does not run for long.
//
//go:noescape
func asmLoop(d *Decoder, items int) (why pause)

// What asmLoop looks up.
//
//lint:ignore U1000 the assembly uses it
var repeatShuffles, repeatSteps = repeat.Tables()

// queueShuffles[i] moves entry i of lzQueue to the front.
var queueShuffles [4][16]uint8

func init() {
	for front := range queueShuffles {
		for i := range queueShuffles[front] {
			from := i/4 - 1 // entries before the new front move back by one
			if i/4 == 0 {
				from = front
			} else if i/4 > front {
				from = i / 4
			}
			queueShuffles[front][i] = uint8(4*from + i%4)
		}
	}
}
