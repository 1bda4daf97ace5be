package node

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/klauspost/compress/zstd"

	"entente/internal/nats/natstest"
	"entente/internal/sqlite"
)

// ports are the addresses that a node's listeners got, in the order of opening.
type ports struct {
	mu sync.Mutex
	at map[string]string // by the address asked for

	pipe *io.PipeWriter // to the node's standard input
}

func (p *ports) note(asked, got string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at[asked] = got
}

// renew makes ready for the next process.
func (p *ports) renew(opt *Options) {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.at)
	opt.Stdin, p.pipe = io.Pipe()
}

func (p *ports) of(asked string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at[asked]
}

// portsOf lets a node listen on free ports for the names of addresses that its sources have.
func portsOf(opt *Options) *ports {
	p := &ports{at: make(map[string]string)}
	p.renew(opt)
	real := opt.Listen
	opt.Listen = func(network, address string) (net.Listener, error) {
		if !strings.HasPrefix(address, "127.0.0.1:0") {
			return real(network, address)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err == nil {
			p.note(address, l.Addr().String())
		}
		return l, err
	}
	opt.ListenPacket = func(network, address string) (net.PacketConn, error) {
		c, err := net.ListenPacket(network, "127.0.0.1:0")
		if err == nil {
			p.note(address, c.LocalAddr().String())
		}
		return c, err
	}
	return p
}

// certify writes a key pair as PEM files and returns it with its fingerprint.
func certify(t *testing.T, dir, name string) (cert tls.Certificate, certFile, keyFile, pin string) {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))(t)
	certFile, keyFile = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	write(t, certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: must(x509.MarshalECPrivateKey(key))(t)}))
	sum := sha256.Sum256(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, certFile, keyFile, hex.EncodeToString(sum[:])
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	must(io.WriteString(w, text))(t)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// captured is a packet capture that says what the lines of an access log say: a request to each address, and
// for a line that is none, a frame that is none.
func captured(t *testing.T, text string) []byte {
	t.Helper()
	var file bytes.Buffer
	w := pcapgo.NewWriter(&file)
	if err := w.WriteFileHeader(65536, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		data := []byte{1, 2, 3}
		if ip := net.ParseIP(strings.Fields(line)[0]); ip != nil {
			b := gopacket.NewSerializeBuffer()
			err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true},
				&layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4},
				&layers.IPv4{Version: 4, Protocol: layers.IPProtocolTCP, SrcIP: net.IP{10, 0, 0, 1}, DstIP: ip.To4()},
				&layers.TCP{SrcPort: 1000, DstPort: 80}, gopacket.Payload("GET / HTTP/1.1\r\nHost: h.example\r\n\r\n"))
			if err != nil {
				t.Fatal(err)
			}
			data = b.Bytes()
		}
		if err := w.WritePacket(gopacket.CaptureInfo{CaptureLength: len(data), Length: len(data)}, data); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

// kind is one kind of source under the suite.
type kind struct {
	name   string
	source Source
	give   func(text string) // hands lines to the source; text ends with a line feed
	once   bool              // a second give replaces the first
}

// kinds sets up one source of every kind for a node.
func (u *unit) kinds(name string) ([]kind, *ports) {
	t, dir := u.t.(*testing.T), filepath.Join(u.dir, "sources")
	u.ok(os.MkdirAll(filepath.Join(dir, "folder"), 0o700))
	p := portsOf(u.opt[name])
	_, cert, key, _ := certify(t, dir, "collector")
	client, _, _, pin := certify(t, dir, "sender")
	add := func(path, text string) {
		f := must(os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600))(t)
		must(io.WriteString(f, text))(t)
		u.ok(f.Close())
	}
	file := func(kindName string) string { return filepath.Join(dir, kindName+".log") }
	dial := func(asked string, connect func(addr string) (net.Conn, error), frame func(string) string) func(string) {
		return func(text string) {
			u.eventually(asked+" is open", func() bool { return p.of(asked) != "" })
			c := must(connect(p.of(asked)))(t)
			for line := range strings.Lines(text) {
				must(io.WriteString(c, frame(line)))(t)
			}
			u.ok(c.Close())
		}
	}
	counted := func(line string) string {
		return fmt.Sprintf("%d %s", len(line)-1, strings.TrimSuffix(line, "\n"))
	}
	same := func(line string) string { return line }
	zw := must(zstd.NewWriter(nil))(t)
	url := natstest.One(t) + "/EVENTS"
	stream := ships(t, url)
	list := []kind{
		{name: "nats", source: Source{NATS: url}, give: func(text string) { u.ok(stream.give(t.Context(), "a.log", text)) }},
		{name: "file", source: Source{Path: file("file")}, give: func(text string) { add(file("file"), text) }},
		{name: "folder", source: Source{Path: filepath.Join(dir, "folder")}, give: func(text string) { add(filepath.Join(dir, "folder", "a.log"), text) }},
		{name: "gzip", once: true, source: Source{Path: file("gzip")}, give: func(text string) { write(t, file("gzip"), gzipped(t, text)) }},
		{name: "zstd", once: true, source: Source{Path: file("zstd")}, give: func(text string) { write(t, file("zstd"), zw.EncodeAll([]byte(text), nil)) }},
		{name: "capture", once: true, source: Source{Path: file("capture")}, give: func(text string) { write(t, file("capture"), captured(t, text)) }},
		{name: "stdin", source: Source{Path: stdin}, give: func(text string) { must(io.WriteString(p.pipe, text))(t) }},
		{
			name: "udp", source: Source{Syslog: "udp://127.0.0.1:0"},
			give: dial("127.0.0.1:0", func(a string) (net.Conn, error) { return net.Dial("udp", a) }, same),
		},
		{
			name: "tcp", source: Source{Syslog: "tcp://127.0.0.1:01"},
			give: dial("127.0.0.1:01", func(a string) (net.Conn, error) { return net.Dial("tcp", a) }, same),
		},
		{
			name: "tls", source: Source{Syslog: "tls://127.0.0.1:02", Cert: cert, Key: key, Pins: []string{pin}, Allow: []string{"127.0.0.0/8"}},
			give: dial("127.0.0.1:02", func(a string) (net.Conn, error) {
				return tls.Dial("tcp", a, &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{client}})
			}, counted),
		},
	}
	for i := range list {
		list[i].source.ID = list[i].name
		u.cfg[name].Sources = append(u.cfg[name].Sources, list[i].source)
	}
	return list, p
}

// TestSources is the suite that every kind of source passes: what is given is matched, counted and kept, line by
// line; it is there after a restart, and nothing is there twice.
func TestSources(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	kinds, p := u.kinds(south)
	for _, k := range kinds {
		if k.source.isFile() && k.name != "folder" {
			k.give("")
		}
	}
	u.start(north, south)
	u.open(north, south)
	ips := addresses(5)
	u.share(north, south, "a.csv", dated(ips[0], ips[1]))
	u.settle()
	text := func(from int) string {
		var b strings.Builder
		for _, ip := range ips[from:] {
			fmt.Fprintf(&b, "%s - - [05/Jan/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 512 \"-\" \"-\"\n", ip)
		}
		return b.String() + "\x01junk\n"
	}
	want := make(map[string][3]int64) // read, matched, unparsed
	check := func(when string) {
		t.Helper()
		for _, k := range kinds {
			w, row := want[k.name], sqlite.Source{}
			u.eventually(when+": "+k.name, func() bool {
				row = u.sourceRow(south, k.name)
				return row.Read == w[0]
			})
			if row.Matched != w[1] || row.Unparsed != w[2] || row.Dropped != 0 || row.Clean != w[0]-w[1]-w[2] {
				t.Errorf("%s: ledger of %s: %+v, want %v", when, k.name, row, w)
			}
		}
	}
	for _, k := range kinds {
		k.give(text(0))
		want[k.name] = [3]int64{6, 2, 1}
	}
	check("live")
	u.stop(south)
	p.renew(u.opt[south])
	u.start(south)
	for _, k := range kinds {
		if k.once {
			continue
		}
		k.give(text(1))
		want[k.name] = [3]int64{11, 3, 2}
	}
	check("after a restart")
	n := u.node(south)
	for _, k := range kinds {
		id := k.source.ID
		if k.name == "folder" || k.name == "nats" {
			id += "/a.log"
		}
		if got := must(n.watch.Recount(t.Context(), id))(t); got != want[k.name][1] {
			t.Errorf("%s: %d lines of alerts, want %d", k.name, got, want[k.name][1])
		}
	}
}

// sourceRow is the ledger of one source, or of the one file in it.
func (u *unit) sourceRow(name, id string) sqlite.Source {
	u.t.Helper()
	for _, row := range must(u.node(name).seen.Sources(u.t.Context()))(u.t) {
		if row.ID == id {
			return row
		}
	}
	for _, row := range must(u.node(name).seen.Sources(u.t.Context()))(u.t) {
		if strings.HasPrefix(row.ID, id+"/") {
			return row
		}
	}
	return sqlite.Source{}
}

func TestCheckSources(t *testing.T) {
	dir := t.TempDir()
	_, cert, key, pin := certify(t, dir, "collector")
	for _, tt := range []struct {
		ok      bool
		sources []Source
	}{
		{true, nil},
		{true, []Source{{NATS: "nats://a:4222/S", CredsFile: "f"}, {ID: "b", NATS: "tls://a:4222/S", User: "u", PasswordFile: "f", CAFile: "f", Cert: cert, Key: key}}},
		{false, []Source{{NATS: "nats://a:4222"}}},
		{false, []Source{{NATS: "nats://a:4222/S", Path: "a"}}},
		{false, []Source{{NATS: "nats://a:4222/S", Once: true}}},
		{false, []Source{{NATS: "nats://a:4222/S", TokenFile: "f"}}},
		{false, []Source{{NATS: "tls://a:4222/S", Allow: []string{"192.0.2.0/24"}}}},
		{false, []Source{{Path: "a", CredsFile: "f"}}},
		{false, []Source{{Syslog: "udp://:514", CAFile: "f"}}},
		{true, []Source{{Path: "a"}, {Path: "-"}, {Syslog: "udp://[::1]:514"}, {Syslog: "tls://:6514", Cert: cert, Key: key, Pins: []string{pin}}}},
		{false, []Source{{}}},
		{false, []Source{{Path: "a", Syslog: "udp://:514"}}},
		{false, []Source{{Path: "a"}, {ID: "a", Path: "b"}}},
		{false, []Source{{Path: "a", Allow: []string{"192.0.2.0/24"}}}},
		{false, []Source{{Path: "-", Once: true}}},
		{false, []Source{{Syslog: "udp://:514", Cert: cert}}},
		{false, []Source{{Syslog: "udp://192.0.2.1"}}},
		{false, []Source{{Syslog: "relp://:514"}}},
		{false, []Source{{Syslog: "tls://:6514"}}},
		{false, []Source{{Syslog: "tls://:6514", Cert: cert, Key: key, Pins: []string{"ab"}}}},
		{false, []Source{{Syslog: "tcp://:514", Allow: []string{"everybody"}}}},
	} {
		if err := (Config{Sources: tt.sources}).checkSources(); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt.sources, err)
		}
	}
}
