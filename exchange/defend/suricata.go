package defend

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"entente/observable"
)

// Suricata 7 and later: rules that alert, never drop, and beside them a dataset of
// addresses and lists of hashes, which rules name. A name is met by itself and by
// what is below it, as in our own matcher.

const (
	addressSet = "entente-addresses.lst"
	rulesFile  = "entente.rules"

	// Rules get numbers from a range that nobody hands out; the number of one
	// value stays the same from file to file.
	firstSID, manySIDs = 3_000_000_000, 1_000_000_000
)

// hashLists are the keyword and the file of each kind of hash.
var hashLists = map[observable.Type][2]string{
	observable.MD5: {"filemd5", "entente-md5.lst"}, observable.SHA1: {"filesha1", "entente-sha1.lst"}, observable.SHA256: {"filesha256", "entente-sha256.lst"},
}

// suricataLists are the files that rules name.
var suricataLists = []string{addressSet, "entente-md5.lst", "entente-sha1.lst", "entente-sha256.lst"}

type ruleSet struct {
	out   strings.Builder
	taken map[uint32]bool
}

func suricata(entries []Entry, s Settings) ([]File, func(Entry) bool) {
	r := ruleSet{taken: make(map[uint32]bool)}
	r.out.WriteString(heading("#", s, "put all files into one folder and name "+rulesFile+" in rule-files; every rule alerts, none drops"))
	lists := make(map[string]*strings.Builder)
	for _, name := range suricataLists {
		lists[name] = new(strings.Builder)
	}
	fits := make(map[observable.Value]bool)
	for _, e := range entries {
		fits[e.Value] = true
		switch e.Value.Type {
		case observable.IPv4, observable.IPv6:
			lists[addressSet].WriteString(e.Value.Canonical + "\n")
		case observable.Net4, observable.Net6:
			r.add(e, "net", "ip", fmt.Sprintf("$HOME_NET any <> %s any", e.Value.Canonical), "")
		case observable.Domain:
			r.name(e)
		case observable.URL:
			fits[e.Value] = r.url(e)
		case observable.MD5, observable.SHA1, observable.SHA256:
			lists[hashLists[e.Value.Type][1]].WriteString(e.Value.Canonical + "\n")
		default:
			fits[e.Value] = false
		}
	}
	r.lists(func(name string) bool { return lists[name].Len() > 0 })
	// The lists come first, so that whoever writes the files in this order never
	// has a rule without its list.
	var files []File
	for _, name := range suricataLists {
		files = append(files, File{name, []byte(lists[name].String())})
	}
	return append(files, File{rulesFile, []byte(r.out.String())}), func(e Entry) bool { return fits[e.Value] }
}

// lists writes the rules that name a list, for each that has something in it. The
// others are written empty, over what stood there before.
func (r *ruleSet) lists(used func(name string) bool) {
	if used(addressSet) {
		for _, way := range []string{"src", "dst"} {
			r.write("ip any any -> any any", "address "+way, "address told by a partner ("+way+"), see "+manifestName,
				fmt.Sprintf("ip.%s; dataset:isset,entente-addresses,type ip,load %s;", way, addressSet), "")
		}
	}
	for _, typ := range []observable.Type{observable.MD5, observable.SHA1, observable.SHA256} {
		keyword, name := hashLists[typ][0], hashLists[typ][1]
		if !used(name) {
			continue
		}
		for _, protocol := range []string{"http", "smtp", "ftp-data", "nfs", "smb", "http2"} {
			r.write(protocol+" any any -> any any", string(typ)+" "+protocol, "file told by a partner, see "+manifestName, keyword+":"+name+";", "")
		}
	}
}

// name: asked of a name server, or spoken of in TLS or HTTP.
func (r *ruleSet) name(e Entry) {
	below := quoted("." + e.Value.Canonical)
	for _, where := range [][3]string{{"dns", "dns", "dns.query"}, {"tls", "tls", "tls.sni"}, {"http", "http", "http.host"}} {
		nocase := " nocase;"
		if where[2] == "http.host" {
			nocase = "" // that buffer is in lower case, and refuses the word
		}
		r.add(e, where[0], where[1], "$HOME_NET any -> any any", fmt.Sprintf("%s; dotprefix; content:\"%s\";%s endswith;", where[2], below, nocase))
	}
}

// url is met by itself and by what it is the beginning of, over plain HTTP. Of an
// encrypted one nothing can be seen but the host, which is not what was told.
func (r *ruleSet) url(e Entry) bool {
	address := e.Value.Canonical
	if _, after, ok := strings.Cut(address, "://"); ok {
		address = after
	}
	host, path, ok := strings.Cut(address, "/")
	if !ok || path == "" {
		host, path = strings.TrimSuffix(address, "/"), ""
	}
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	name, port, hasPort := strings.Cut(host, ":")
	if strings.HasPrefix(host, "[") { // an IPv6 address
		name, port, hasPort = strings.Cut(host, "]:")
		name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	}
	if name == "" || len(path) > 1500 {
		return false
	}
	ports := "any"
	if hasPort {
		ports = port
	}
	match := fmt.Sprintf("http.host; content:\"%s\"; startswith; endswith;", quoted(strings.ToLower(name)))
	match += fmt.Sprintf(" http.uri.raw; content:\"%s\"; startswith;", quoted("/"+path))
	r.add(e, "url", "http", "$HOME_NET any -> any "+ports, match)
	return true
}

// add writes the rule of one entry.
func (r *ruleSet) add(e Entry, part, protocol, flow, match string) {
	metadata := "tlp " + word(e.Marking) + ", giver " + word(e.Giver) + ", statement " + word(e.Ref)
	if !e.Until.IsZero() {
		metadata += ", until " + e.Until.UTC().Format("2006_01_02")
	}
	r.write(protocol+" "+flow, part+" "+string(e.Value.Type)+" "+e.Value.Canonical, "told by "+e.Giver+": "+e.Value.Canonical+" ("+e.List+")", match, metadata)
}

func (r *ruleSet) write(head, key, msg, match, metadata string) {
	rule := "alert " + head + " (msg:\"ENTENTE " + message(msg) + "\"; "
	if match != "" {
		rule += match + " "
	}
	rule += "classtype:trojan-activity; "
	if metadata != "" {
		rule += "metadata:" + metadata + "; "
	}
	fmt.Fprintf(&r.out, "%ssid:%d; rev:1;)\n", rule, r.sid(key))
}

// sid is made of what the rule looks for. Two of one number are rare, and then
// the one whose value comes later in the order of values moves on by one.
func (r *ruleSet) sid(key string) uint32 {
	sum := sha256.Sum256([]byte("entente/sid " + key))
	n := binary.BigEndian.Uint32(sum[:]) % manySIDs
	for r.taken[n] {
		n = (n + 1) % manySIDs
	}
	r.taken[n] = true
	return firstSID + n
}

// quoted writes bytes as the content of a rule: all but letters, digits and a few
// signs in hexadecimal between bars.
func quoted(s string) string {
	var b strings.Builder
	hex := false
	for i := range len(s) {
		c := s[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("._-/", c) >= 0
		if plain == hex {
			b.WriteByte('|')
			hex = !hex
		} else if hex {
			b.WriteByte(' ')
		}
		if plain {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%02X", c)
		}
	}
	if hex {
		b.WriteByte('|')
	}
	return b.String()
}

// message makes a text safe inside the quotes of msg.
func message(s string) string {
	return strings.NewReplacer(`"`, "'", ";", ",", `\`, "/").Replace(cut(oneLine(s), 200))
}

// word makes a text one word of metadata.
func word(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/#+", r) {
			return r
		}
		return '_'
	}, cut(s, 100))
	return s
}

// cut shortens a text to at most n bytes, between two letters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
