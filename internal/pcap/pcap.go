// Package pcap reads capture files, pcap and pcapng, as lines of what their packets say.
package pcap

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"entente/watch/packet"
)

// magics begin a capture: pcap in both byte orders with micro- and nanoseconds, and pcapng's section header.
var magics = [][]byte{
	{0xd4, 0xc3, 0xb2, 0xa1},
	{0xa1, 0xb2, 0xc3, 0xd4},
	{0x4d, 0x3c, 0xb2, 0xa1},
	{0xa1, 0xb2, 0x3c, 0x4d},
	{0x0a, 0x0d, 0x0d, 0x0a},
}

// Lines returns the lines of the capture that begins with magic, nil if that begins none; r still has the
// magic bytes. The lines of a longer capture begin with those of a shorter one. A capture that ends within a packet
// ends the lines with io.ErrUnexpectedEOF, one that is damaged with another error.
func Lines(magic []byte, r io.Reader) io.Reader {
	for i, m := range magics {
		if bytes.Equal(magic, m) {
			return &lines{source: r, ng: i == len(magics)-1, decoder: packet.NewDecoder()}
		}
	}
	return nil
}

// packets is what both readers of gopacket have.
type packets interface {
	ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error)
}

type lines struct {
	source  io.Reader
	ng      bool
	in      packets
	link    func(gopacket.CaptureInfo) layers.LinkType
	decoder *packet.Decoder
	left    []byte // not yet given to the caller
	err     error
}

// Read implements io.Reader.
func (l *lines) Read(p []byte) (int, error) {
	for len(l.left) == 0 {
		if l.err != nil {
			return 0, l.err
		}
		l.left, l.err = l.next()
	}
	n := copy(p, l.left)
	l.left = l.left[n:]
	return n, nil
}

// next reads packets until one gives a line. A mistake of the reader over a hostile file ends the file.
func (l *lines) next() (out []byte, err error) {
	defer func() {
		if recover() != nil {
			out, err = nil, errors.New("the reader of captures gave up")
		}
	}()
	if l.in == nil {
		if err := l.open(); err != nil {
			return nil, err
		}
	}
	for {
		data, info, err := l.in.ZeroCopyReadPacketData()
		if err != nil {
			return nil, err
		}
		if out := l.decoder.Packet(info.Timestamp, l.link(info), data); len(out) > 0 {
			return out, nil
		}
	}
}

func (l *lines) open() error {
	if !l.ng {
		r, err := pcapgo.NewReader(l.source)
		if err != nil {
			return header(err)
		}
		l.in, l.link = r, func(gopacket.CaptureInfo) layers.LinkType { return r.LinkType() }
		return nil
	}
	r, err := pcapgo.NewNgReader(l.source, pcapgo.NgReaderOptions{WantMixedLinkType: true, SkipUnknownVersion: true})
	if err != nil {
		return header(err)
	}
	l.in, l.link = r, func(info gopacket.CaptureInfo) layers.LinkType {
		if i, err := r.Interface(info.InterfaceIndex); err == nil {
			return i.LinkType
		}
		return r.LinkType()
	}
	return nil
}

// header keeps an end within the header from passing for the end of a capture.
func header(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("header of the capture: %w", err)
}
