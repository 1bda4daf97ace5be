package detect

import (
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"unicode"

	"entente/statement"
	"entente/watch/event"
)

// Sender is somebody whose mail others may imitate: a vendor, an office.
type Sender struct {
	Names   []string `json:"names" yaml:"names"`     // as a mail program shows them: "VR Systems"
	Domains []string `json:"domains" yaml:"domains"` // that they write from

	// Addresses are those that they write from elsewhere: a small office has one at
	// a free-mail provider. Such a one imitates nobody.
	Addresses []string `json:"addresses" yaml:"addresses"`
}

// Senders are those that are protected.
type Senders struct {
	List []Sender
	// Resembles says which protected domain a domain was made to be taken for, and
	// how; "" for none, and for a protected one.
	Resembles func(domain string) (protected, kind string)
}

const (
	maxSenders  = 1000
	leastName   = 5 // letters of a name that is looked for in others
	maxMailText = 4096
)

// Check refuses senders that cannot be looked for.
func (s Senders) Check() error {
	if len(s.List) > maxSenders {
		return fmt.Errorf("more than %d protected senders", maxSenders)
	}
	for _, one := range s.List {
		if len(one.Names)+len(one.Domains)+len(one.Addresses) == 0 {
			return errors.New("a protected sender without names and domains")
		}
		for _, n := range one.Names {
			if !LongName(n) {
				return fmt.Errorf("the name %.40q has fewer than %d letters and would be found everywhere", n, leastName)
			}
		}
		for _, d := range one.Domains {
			if !strings.Contains(d, ".") {
				return fmt.Errorf("%.40q is no domain", d)
			}
		}
	}
	return nil
}

// text changes with what is protected.
func (s Senders) text() string {
	var b strings.Builder
	for _, one := range s.List {
		fmt.Fprintf(&b, "%q %q %q\n", one.Names, one.Domains, one.Addresses)
	}
	return statement.TaggedSum("entente/senders/v1", []byte(b.String())).String()
}

// freeMail are providers where anybody has an address at once.
var freeMail = []string{
	"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "ymail.com", "aol.com", "icloud.com", "me.com", "proton.me", "protonmail.com", "gmx.com", "gmx.net",
	"gmx.de", "web.de", "mail.com", "zoho.com", "tutanota.com", "tuta.com", "mail.ru", "bk.ru", "inbox.ru", "list.ru", "yandex.ru", "yandex.com", "ya.ru", "rambler.ru", "qq.com", "163.com", "126.com",
}

// FreeMail says that anybody has an address at a domain at once.
func FreeMail(domain string) bool { return slices.Contains(freeMail, domain) }

// LongName says that a name is long enough to be looked for in others.
func LongName(name string) bool { return len(letters(name)) >= leastName }

// judge looks at the senders that a mail names.
func (s Senders) judge(ev *event.Event) (field, seen string) {
	if len(s.List) == 0 {
		return "", ""
	}
	for i := range ev.Fields {
		switch f := &ev.Fields[i]; f.Name {
		case "email.from.address", "email.sender.address", "email.reply_to.address":
			if why := s.Imitates(f.Value); why != "" {
				return f.Name, cut(f.Value, 200) + " (" + why + ")"
			}
		}
	}
	return "", ""
}

// Imitates says in words whom the writers in a header field were made to be
// taken for; "" where they imitate nobody.
func (s Senders) Imitates(header string) string {
	for _, a := range writers(header) {
		at := strings.LastIndexByte(a.Address, '@')
		if at < 0 {
			continue
		}
		local, domain := a.Address[:at], strings.TrimSuffix(strings.ToLower(a.Address[at+1:]), ".")
		if s.owns(domain) || s.knows(a.Address) {
			continue
		}
		if s.Resembles != nil {
			if protected, kind := s.Resembles(domain); protected != "" {
				return domain + " for " + protected + ": " + kind
			}
		}
		shown, name := letters(a.Name), letters(local)
		for _, one := range s.List {
			for _, n := range one.Names {
				want := letters(n)
				switch free := FreeMail(domain); {
				case free && strings.Contains(shown, want):
					return fmt.Sprintf("shown as %q, written from the free-mail provider %s", n, domain)
				case free && strings.Contains(name, want):
					return fmt.Sprintf("%q in an address of the free-mail provider %s", n, domain)
				}
			}
			for _, d := range one.Domains { // "clerk@vendor.example" <anybody@elsewhere>
				if strings.Contains(strings.ToLower(a.Name), "@"+strings.ToLower(d)) {
					return fmt.Sprintf("shown as an address at %s, written from %s", d, domain)
				}
			}
		}
	}
	return ""
}

// owns says that a domain is a protected one or below it.
func (s Senders) owns(domain string) bool {
	for _, one := range s.List {
		for _, d := range one.Domains {
			if d = strings.ToLower(d); domain == d || strings.HasSuffix(domain, "."+d) {
				return true
			}
		}
	}
	return false
}

// knows says that an address is one that somebody protected writes from.
func (s Senders) knows(address string) bool {
	return slices.ContainsFunc(s.List, func(one Sender) bool {
		return slices.ContainsFunc(one.Addresses, func(a string) bool { return strings.EqualFold(a, address) })
	})
}

// writers are the addresses of a header. One that is no list of addresses is cut
// at its angle brackets: whoever writes it would else choose what is judged.
func writers(header string) []*mail.Address {
	header = strings.ToValidUTF8(header[:min(len(header), maxMailText)], "")
	if list, err := mail.ParseAddressList(header); err == nil {
		return list[:min(len(list), 16)]
	}
	open, end := strings.LastIndexByte(header, '<'), strings.LastIndexByte(header, '>')
	if open >= 0 && end > open {
		return []*mail.Address{{Name: strings.Trim(header[:open], "\" "), Address: header[open+1 : end]}}
	}
	if strings.Contains(header, "@") && !strings.ContainsAny(header, " <>") {
		return []*mail.Address{{Address: header}}
	}
	return nil
}

// letters is a text's letters and digits alone, in lower case.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
