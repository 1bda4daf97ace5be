package campaign

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// Texts are near one another by the words that they share three at a time
// (Broder, "On the resemblance and containment of documents", 1997). Pairs that
// may be are found by MinHash in 32 bands of 4; each is then measured exactly. Of two texts at
// the least nearness that is taken, 0.7, one pair in 6,000 is missed.
const (
	bands    = 32
	inBand   = 4
	shingle  = 3    // words
	letters  = 5    // of a text that is not written in words
	longWord = 15   // letters of a word on average, above which it is none
	mostUsed = 1000 // shingles of one text that are compared
	mostText = 8192 // bytes of one text that are kept

	maxTexts   = 1_000_000
	maxCompare = 50_000_000 // pairs that are measured
)

var (
	errTexts    = errors.New("more than 1000000 different texts: fewer posts, or exact words")
	errWordless = errors.New("nearness is of words, and of these posts none are known")
	errCompare  = excess("more than 50000000 pairs of texts may be near: fewer posts, or a nearness above")
)

// LeastNear and MostNear bound the nearness of two texts, in percent.
const (
	LeastNear = 70
	MostNear  = 99
)

// shingles are those of a text as normal has it, as numbers, ascending, each once.
func shingles(text string) []uint64 {
	var list []string
	words := strings.Fields(text)
	if runes := utf8.RuneCountInString(text); len(words) == 0 || runes/len(words) > longWord {
		all := []rune(strings.Join(words, ""))
		for i := 0; i+letters <= len(all) && len(list) < mostUsed; i++ {
			list = append(list, string(all[i:i+letters]))
		}
	} else {
		for i := 0; i+shingle <= len(words) && len(list) < mostUsed; i++ {
			list = append(list, strings.Join(words[i:i+shingle], " "))
		}
	}
	if len(list) == 0 {
		list = []string{text}
	}
	out := make([]uint64, len(list))
	for i, s := range list {
		sum := sha256.Sum256([]byte(s))
		out[i] = binary.BigEndian.Uint64(sum[:])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// common counts what two ascending lists share.
func common(a, b []uint64) (n int) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			n++
			i++
			j++
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return n
}

// resemble says that two sets share so many percent of what either holds.
func resemble(a, b []uint64, percent int) bool {
	n := common(a, b)
	return n*100 >= percent*(len(a)+len(b)-n)
}

// sketch is the least of each of 128 mixtures of the shingles.
func sketch(set []uint64, mix *[bands * inBand][2]uint64) (out [bands * inBand]uint64) {
	for i := range out {
		a, b := mix[i][0], mix[i][1]
		least := ^uint64(0)
		for _, h := range set {
			x := h*a + b
			if x ^= x >> 32; x < least {
				least = x
			}
		}
		out[i] = least
	}
	return out
}

// mixtures are the same at every party.
func mixtures() (mix [bands * inBand][2]uint64) {
	s := stream(0x656e74656e7465)
	for i := range mix {
		mix[i] = [2]uint64{s.next() | 1, s.next()}
	}
	return mix
}

// banded is a text by what it has in one band.
type banded struct {
	key  uint64
	text int32
}

// classes gives each text the number of the least of those that it is near to,
// directly or by way of others. Texts are in ascending order, each once.
func classes(texts []string, percent int, m *meter) ([]int32, error) {
	if len(texts) > maxTexts {
		return nil, errTexts
	}
	mix := mixtures()
	c := newClassing(len(texts), percent, m)
	sketches := make([][bands * inBand]uint64, len(texts))
	for i, t := range texts {
		c.sets[i] = shingles(t)
		if err := m.step(len(c.sets[i])); err != nil {
			return nil, err
		}
		sketches[i] = sketch(c.sets[i], &mix)
	}
	list := make([]banded, len(texts))
	for band := range bands {
		if err := m.ask(); err != nil {
			return nil, err
		}
		for i := range texts {
			key := uint64(14695981039346656037)
			for _, x := range sketches[i][band*inBand : (band+1)*inBand] {
				key = (key ^ x) * 0x9e3779b97f4a7c15
				key ^= key >> 29
			}
			list[i] = banded{key, int32(i)}
		}
		slices.SortFunc(list, func(a, b banded) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.text, b.text)) })
		for from := 0; from < len(list); {
			to := from + 1
			for to < len(list) && list[to].key == list[from].key {
				to++
			}
			if err := c.bucket(list[from:to]); err != nil {
				return nil, err
			}
			from = to
		}
	}
	for i := range c.root {
		c.root[i] = c.find(int32(i))
	}
	return c.root, nil
}

// join gives posts whose texts are near one another the same object: that of
// the first text of them, in the order of texts. It says how many texts it joined to another.
func join(posts []Post, percent int, m *meter) (out []Post, joined int, err error) {
	objects := make(map[string]string) // by text
	for _, p := range posts {
		if o, ok := objects[p.Text]; p.Text != "" && (!ok || p.Object < o) { // two that differ beyond what is kept are one
			objects[p.Text] = p.Object
		}
	}
	if len(objects) == 0 && len(posts) > 0 {
		return nil, 0, errWordless
	}
	texts := make([]string, 0, len(objects))
	for t := range objects {
		texts = append(texts, t)
	}
	slices.Sort(texts)
	class, err := classes(texts, percent, m)
	if err != nil {
		return nil, 0, err
	}
	becomes := make(map[string]string, len(texts))
	for i, t := range texts {
		if becomes[t] = objects[texts[class[i]]]; class[i] != int32(i) {
			joined++
		}
	}
	out = slices.Clone(posts)
	for i := range out {
		if out[i].Text != "" {
			out[i].Object = becomes[out[i].Text]
		}
	}
	return out, joined, nil
}
