package lookalike

import (
	"slices"
	"strings"
)

// Changes are names that somebody may register in place of a domain: its last
// label under the suffix with one letter left out, doubled, exchanged with its
// neighbour or replaced by a neighbour on the keyboard, by one that looks like it or by one
// that a wrong bit makes of it, with a hyphen or a dot, an election word before or
// behind, and the domain under other suffixes. Ascending, without the domain itself.
func Changes(domain string) []string {
	d := clean(domain)
	rest, suffix := split(d)
	if rest == "" {
		return nil
	}
	head, label := "", rest
	if i := strings.LastIndexByte(rest, '.'); i >= 0 {
		head, label = rest[:i+1], rest[i+1:]
	}
	var out []string
	add := func(label string) {
		if label != "" && !strings.HasPrefix(label, "-") && !strings.HasSuffix(label, "-") {
			out = append(out, head+label+"."+suffix)
		}
	}
	for i := range len(label) {
		before, c, behind := label[:i], label[i], label[i+1:]
		add(before + behind)
		add(before + string(c) + string(c) + behind)
		if behind != "" {
			add(before + behind[:1] + string(c) + behind[1:])
			add(before + string(c) + "-" + behind)
			add(before + string(c) + "." + behind)
		}
		for _, to := range beside[c] {
			add(before + string(to) + behind)
			add(before + string(c) + string(to) + behind)
		}
		for _, to := range resembling[c] {
			add(before + to + behind)
		}
		for bit := range 8 {
			if to := c ^ 1<<bit; to >= 'a' && to <= 'z' || to >= '0' && to <= '9' {
				add(before + string(to) + behind)
			}
		}
	}
	for _, w := range []string{"vote", "election", "elections", "results", "official", "secure", "login", "www"} {
		for _, join := range []string{"", "-"} {
			add(w + join + label)
			add(label + join + w)
		}
	}
	for _, s := range []string{"com", "org", "net", "info", "us", "co", "pm", "ltd", "cfd", "ru", "ws"} {
		if s != suffix {
			out = append(out, rest+"."+s)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(made string) bool { return made == d })
}

// beside are the neighbours on a keyboard.
var beside = map[byte]string{
	'q': "wa", 'w': "qes", 'e': "wrd", 'r': "etf", 't': "ryg", 'y': "tuh", 'u': "yij", 'i': "uok", 'o': "ipl", 'p': "ol",
	'a': "qsz", 's': "awdx", 'd': "sefc", 'f': "drgv", 'g': "fthb", 'h': "gyjn", 'j': "hukm", 'k': "jil", 'l': "kop",
	'z': "asx", 'x': "zsdc", 'c': "xdfv", 'v': "cfgb", 'b': "vghn", 'n': "bhjm", 'm': "njk",
}

// resembling are letters that are read for another.
var resembling = map[byte][]string{
	'a': {"а", "á", "ạ", "ɑ"}, 'b': {"ь", "ḃ", "lb"}, 'c': {"с", "ç", "ć", "e"}, 'd': {"cl", "đ", "ԁ"}, 'e': {"е", "é", "ẹ", "c"}, 'g': {"q", "ġ", "ɡ"},
	'h': {"һ", "ħ"}, 'i': {"1", "l", "і", "í"}, 'k': {"ķ", "κ"}, 'l': {"1", "i", "ł"}, 'm': {"rn", "nn", "ṃ"}, 'n': {"ñ", "r", "ո"},
	'o': {"0", "о", "ö", "ο"}, 'p': {"р", "ṗ"}, 'q': {"g", "ԛ"}, 'r': {"ŗ", "г"}, 's': {"ѕ", "ş", "5"}, 't': {"ť", "ţ"}, 'u': {"ü", "υ"},
	'v': {"ν", "ѵ"}, 'w': {"vv", "ѡ"}, 'x': {"х"}, 'y': {"у", "ý"}, 'z': {"ž", "ż"},
}
