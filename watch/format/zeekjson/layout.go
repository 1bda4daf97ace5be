package zeekjson

import (
	"entente/watch/format/zeekfield"
	"entente/watch/sieve"
)

// Layout implements sieve.Format.
func (format) Layout() sieve.Layout {
	return sieve.Layout{
		Time: "ts", Epoch: true, Kind: "_path", KindValid: func(path []byte) bool { return zeekfield.ValidPath(string(path)) },
		Flat: true, Class: class,
	}
}

// class is all that a column may be, because the name of the log may come after it, or not at all.
func class(name string) sieve.Class {
	var all sieve.Class
	for _, c := range zeekfield.Any(name) {
		if c.Name == "" {
			continue
		}
		all |= sieve.Observed(c.As)
		if c.Text {
			all |= sieve.Text
		}
		switch c.Name { // the two parts of a request
		case "url.original":
			all |= sieve.Target
		case "url.domain":
			all |= sieve.Port
		}
	}
	return all
}
