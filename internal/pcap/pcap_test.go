package pcap

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// frame is an HTTP request to a host, in one packet.
func frame(t testing.TB, host string, port uint16) []byte {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	ip := &layers.IPv4{Version: 4, TTL: 9, Protocol: layers.IPProtocolTCP, SrcIP: net.IP{192, 0, 2, 1}, DstIP: net.IP{198, 51, 100, 2}}
	err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true},
		&layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}, ip,
		&layers.TCP{SrcPort: layers.TCPPort(port), DstPort: 80, PSH: true}, gopacket.Payload("GET / HTTP/1.1\r\nHost: "+host+"\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(b.Bytes())
}

// capture writes one packet for each host in a kind of file.
func capture(t testing.TB, kind string, hosts ...string) []byte {
	t.Helper()
	var file bytes.Buffer
	var write func(gopacket.CaptureInfo, []byte) error
	switch kind {
	case "pcap", "nano":
		w := pcapgo.NewWriter(&file)
		if kind == "nano" {
			w = pcapgo.NewWriterNanos(&file)
		}
		if err := w.WriteFileHeader(65536, layers.LinkTypeEthernet); err != nil {
			t.Fatal(err)
		}
		write = w.WritePacket
	case "ng":
		w, err := pcapgo.NewNgWriter(&file, layers.LinkTypeEthernet)
		if err != nil {
			t.Fatal(err)
		}
		write = func(i gopacket.CaptureInfo, data []byte) error {
			defer func() { _ = w.Flush() }()
			return w.WritePacket(i, data)
		}
	}
	for i, host := range hosts {
		data := frame(t, host, uint16(1000+i))
		info := gopacket.CaptureInfo{Timestamp: time.Unix(int64(1_700_000_000+i), 0), CaptureLength: len(data), Length: len(data)}
		if err := write(info, data); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

func read(data []byte) (string, error) {
	r := Lines(data[:min(len(data), 4)], bytes.NewReader(data))
	if r == nil {
		return "", errors.New("no capture")
	}
	out, err := io.ReadAll(r)
	return string(out), err
}

func TestLines(t *testing.T) {
	for _, kind := range []string{"pcap", "nano", "ng"} {
		data := capture(t, kind, "a.example", "b.example")
		got, err := read(data)
		if err != nil || strings.Count(got, "\n") != 2 || !strings.Contains(got, `"ts":1700000001.000000`) || !strings.Contains(got, `"host":"b.example"`) {
			t.Errorf("%s: %v %s", kind, err, got)
		}
		slow, err := io.ReadAll(Lines(data[:4], iotest.OneByteReader(bytes.NewReader(data))))
		if err != nil || string(slow) != got {
			t.Errorf("%s: slowly: %v %s", kind, err, slow)
		}
		for n := 4; n < len(data); n++ { // cut anywhere: what is there is read, and the rest is no end
			part, err := read(data[:n])
			if !strings.HasPrefix(got, part) || part == got && err == nil && kind != "ng" {
				t.Fatalf("%s cut at %d: %v %q", kind, n, err, part)
			}
		}
	}
	for _, text := range []string{"", "abc", "{\"ts\"", "\x1f\x8b\x08\x00"} {
		if Lines([]byte(text), strings.NewReader(text)) != nil {
			t.Errorf("%q passes for a capture", text)
		}
	}
}

func FuzzLines(f *testing.F) {
	for _, kind := range []string{"pcap", "nano", "ng"} {
		f.Add(capture(f, kind, "a.example"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := read(data)
		if err != nil && strings.Contains(err.Error(), "gave up") || strings.Contains(got, "gave up") {
			t.Fatal("a reader panics")
		}
		again, _ := read(data)
		if got != again {
			t.Fatal("the same bytes give other lines")
		}
	})
}
