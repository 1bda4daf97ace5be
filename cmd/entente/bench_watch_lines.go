package main

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"entente/observable"
)

// words that names of the bench are made of.
var benchWords = strings.Fields("alpha update cdn mail secure login srv news bank cloud data api portal shop media net web host stat img sync pay key box")

func benchName(r *rand.Rand) string {
	tops := [...]string{"com", "net", "org", "info", "ru", "cn", "xyz", "example"}
	pick := func() string { return benchWords[r.IntN(len(benchWords))] }
	return pick() + pick() + fmt.Sprint(r.IntN(10_000_000)) + "." + tops[r.IntN(len(tops))]
}

func benchAddr(r *rand.Rand) string {
	return fmt.Sprintf("%d.%d.%d.%d", 1+r.IntN(223), r.IntN(256), r.IntN(256), 1+r.IntN(254))
}

func benchHash(r *rand.Rand) string {
	var h [32]byte
	for i := range h {
		h[i] = byte(r.Uint32())
	}
	return hex.EncodeToString(h[:])
}

// benchIndicators makes n indicators, the same each time: of a hundred, 75 names, 19 addresses, 6 SHA-256.
func benchIndicators(n int) []observable.Value {
	r := rand.New(rand.NewPCG(1, 1))
	values := make([]observable.Value, n)
	for i := range values {
		switch k := i % 100; {
		case k < 75:
			values[i] = observable.Value{Type: observable.Domain, Canonical: benchName(r)}
		case k < 94:
			values[i] = observable.Value{Type: observable.IPv4, Canonical: benchAddr(r)}
		default:
			values[i] = observable.Value{Type: observable.SHA256, Canonical: benchHash(r)}
		}
	}
	return values
}

// plantEvery is after how many lines one holds an indicator.
const plantEvery = 9600

// lineMaker writes lines like Suricata's, with fresh names, addresses and hashes in each.
type lineMaker struct {
	w      *bufio.Writer
	r      *rand.Rand
	values []observable.Value
	n      int
}

// makeLines writes about size bytes of EVE lines. Some hold one of the first thousand values.
func makeLines(path string, size int64, values []observable.Value) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	m := &lineMaker{w: bufio.NewWriterSize(f, 1<<20), r: rand.New(rand.NewPCG(2, 2)), values: values[:min(1000, len(values))]}
	for written := int64(0); written < size; m.n++ {
		written += int64(m.line())
	}
	return errors.Join(m.w.Flush(), f.Close())
}

// line writes one line; of a hundred, 62 are flows, 15 alerts, 14 dns, 4 tls, 3 http, 2 files.
func (m *lineMaker) line() int {
	planted, kind := "", m.r.IntN(100)
	src, dst, name, hash := benchAddr(m.r), fmt.Sprintf("192.168.%d.%d", m.r.IntN(4), 1+m.r.IntN(254)), "www."+benchName(m.r), benchHash(m.r)
	if m.n%plantEvery == plantEvery-1 {
		v := m.values[m.r.IntN(len(m.values))]
		switch planted = v.Canonical; v.Type {
		case observable.IPv4:
			src = planted
		case observable.Domain: // in capitals or small, the name itself or one below it
			kind, name = 80, planted
			if m.n/plantEvery%2 == 0 {
				name = "C2." + strings.ToUpper(name)
			}
		default:
			kind, hash = 99, planted
		}
	}
	at := fmt.Sprintf("2026-11-%02dT%02d:%02d:%02d.%06d+0000", 1+m.n/86400%28, m.n/3600%24, m.n/60%60, m.n%60, m.r.IntN(1_000_000))
	head := fmt.Sprintf(`{"timestamp":"%s","flow_id":%d,"in_iface":"eth%d",`, at, m.r.Uint64()>>11, m.r.IntN(4))
	ends := fmt.Sprintf(`"src_ip":"%s","src_port":%d,"dest_ip":"%s","dest_port":%d,"proto":"TCP",`, src, 1024+m.r.IntN(60000), dst, m.r.IntN(1024))
	n, _ := m.w.WriteString(head + m.body(kind, ends, at, name, hash) + "\n")
	return n
}

func (m *lineMaker) body(kind int, ends, at, name, hash string) string {
	r := m.r
	counts := fmt.Sprintf(`"pkts_toserver":%d,"pkts_toclient":%d,"bytes_toserver":%d,"bytes_toclient":%d,"start":"%s"`, r.IntN(100), r.IntN(100), r.IntN(100000), r.IntN(1000000), at)
	switch {
	case kind < 62:
		return `"event_type":"flow",` + ends + `"app_proto":"tls","flow":{` + counts + fmt.Sprintf(`,"end":"%s","age":%d,"state":"closed","reason":"timeout","alerted":false},`, at, r.IntN(300)) +
			`"community_id":"1:` + hash[:26] + `=","tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"1b","syn":true,"fin":true,"psh":true,"ack":true,"state":"closed"},"host":"sensor-a"}`
	case kind < 77:
		return `"event_type":"alert",` + ends + fmt.Sprintf(`"alert":{"action":"allowed","gid":1,"signature_id":%d,"rev":%d,"signature":"ENTENTE bench poor reputation group %d","category":"Misc Attack","severity":2,`, 2400000+r.IntN(9999), r.IntN(9), r.IntN(99)) +
			`"metadata":{"affected_product":["Any"],"attack_target":["Any"],"created_at":["2026_10_08"],"deployment":["Perimeter"],"signature_severity":["Major"],"updated_at":["2026_11_07"]}},"flow":{` + counts + `},"host":"sensor-a"}`
	case kind < 91:
		return `"event_type":"dns",` + ends + fmt.Sprintf(`"dns":{"version":2,"type":"answer","id":%d,"flags":"8180","qr":true,"rd":true,"ra":true,"rrname":"%s","rrtype":"A","rcode":"NOERROR","answers":[{"rrname":"%s","rrtype":"A","ttl":%d,"rdata":"%s"}],"grouped":{"A":["%s"]}},"host":"sensor-a"}`,
			r.IntN(65536), name, name, r.IntN(3600), benchAddr(r), benchAddr(r))
	case kind < 95:
		return `"event_type":"tls",` + ends + fmt.Sprintf(`"tls":{"subject":"CN=%s","issuerdn":"C=XX, O=Bench, CN=Bench CA","serial":"0A:1B:2C","fingerprint":"%s","sni":"%s","version":"TLS 1.2","notbefore":"2026-01-01T00:00:00","notafter":"2027-01-01T00:00:00","ja3":{"hash":"%s"}},"host":"sensor-a"}`,
			name, colons(hash[:40]), name, hash[:32])
	case kind < 98:
		return `"event_type":"http",` + ends + fmt.Sprintf(`"http":{"hostname":"%s","url":"\/a\/%d\/index.html?id=%d","http_user_agent":"Mozilla\/5.0 (X11; Linux x86_64) AppleWebKit\/537.36 Chrome\/120.0.6099.%d Safari\/537.36","http_content_type":"text\/html","http_method":"GET","protocol":"HTTP\/1.1","status":200,"length":%d},"host":"sensor-a"}`,
			name, r.IntN(100), r.IntN(100000), r.IntN(300), r.IntN(100000))
	default:
		return `"event_type":"fileinfo",` + ends + fmt.Sprintf(`"http":{"hostname":"%s","url":"\/f\/%d.bin"},"app_proto":"http","fileinfo":{"filename":"\/f\/%d.bin","gaps":false,"state":"CLOSED","sha256":"%s","stored":false,"size":%d,"tx_id":0},"host":"sensor-a"}`,
			name, r.IntN(1000), r.IntN(1000), hash, r.IntN(1000000))
	}
}

// colons writes hexadecimal digits as certificates' fingerprints are written.
func colons(digits string) string {
	var b strings.Builder
	for i := 0; i+2 <= len(digits); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(digits[i : i+2])
	}
	return b.String()
}
