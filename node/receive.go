package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"

	"entente/internal/ingest"
	"entente/internal/nats"
	"entente/internal/regular"
	"entente/internal/syslog"
)

// receive takes what others send, until the context ends.
func (n *Node) receive(ctx context.Context, s Source) error {
	if s.Path == stdin {
		return n.readStdin(ctx, s)
	}
	if s.NATS != "" {
		return n.readStream(ctx, s)
	}
	at, err := s.port()
	if err != nil {
		return err
	}
	for {
		err := n.takeSyslog(ctx, s, at)
		var cannot *net.OpError
		if !errors.As(err, &cannot) {
			return err
		}
		n.sourceTrouble(s.name(), err) // the address is not there yet, or another has it
		if !pause(ctx, sourceRetry) {
			return nil
		}
	}
}

// port is a parsed syslog source.
type port struct {
	network, address string
	cfg              syslog.Config
}

// port parses the address and limits of a syslog source, and reads its certificate.
func (s Source) port() (port, error) {
	u, err := url.Parse(s.Syslog)
	if err != nil || u.Port() == "" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return port{}, fmt.Errorf("source %q: want udp://, tcp:// or tls:// with host and port", s.Syslog)
	}
	p := port{network: u.Scheme, address: u.Host}
	for _, text := range s.Allow {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return port{}, fmt.Errorf("source %s: allow: %w", s.name(), err)
		}
		p.cfg.Allow = append(p.cfg.Allow, prefix.Masked())
	}
	switch u.Scheme {
	case "udp", "tcp":
		if s.Cert != "" || s.Key != "" || len(s.Pins) > 0 {
			return port{}, fmt.Errorf("source %s: cert, key and pins belong to tls://", s.name())
		}
	case "tls":
		if err := regular.Check(s.Cert, s.Key); err != nil {
			return port{}, fmt.Errorf("source %s: %w", s.name(), err)
		}
		cert, err := tls.LoadX509KeyPair(s.Cert, s.Key)
		if err != nil {
			return port{}, fmt.Errorf("source %s: %w", s.name(), err)
		}
		if p.cfg.TLS, err = syslog.ServerTLS(cert, s.Pins); err != nil {
			return port{}, fmt.Errorf("source %s: %w", s.name(), err)
		}
	default:
		return port{}, fmt.Errorf("source %q: want udp://, tcp:// or tls://", s.Syslog)
	}
	return p, nil
}

// checkSources refuses a source that cannot work.
func (c Config) checkSources() error {
	names := make(map[string]bool)
	for _, s := range c.Sources {
		switch {
		case s.kinds() != 1:
			return fmt.Errorf("source %q: want one of path, syslog and nats", s.name())
		case names[s.name()]:
			return fmt.Errorf("source %s: two have this name", s.name())
		case s.Syslog == "" && (len(s.Pins) > 0 || len(s.Allow) > 0):
			return fmt.Errorf("source %s: pins and allow belong to syslog", s.name())
		case s.isFile() && (s.Cert != "" || s.Key != ""):
			return fmt.Errorf("source %s: cert and key belong to syslog and nats", s.name())
		case s.NATS == "" && s.login() != nats.Login{Cert: s.Cert, Key: s.Key}:
			return fmt.Errorf("source %s: user, files of secrets and ca_file belong to nats", s.name())
		case !s.isFile() && s.Once:
			return fmt.Errorf("source %s: what is sent has no end, so not once", s.name())
		}
		names[s.name()] = true
		if s.Syslog != "" {
			if _, err := s.port(); err != nil {
				return err
			}
		}
		if s.NATS != "" {
			if err := s.checkStream(); err != nil {
				return fmt.Errorf("source %s: %w", s.name(), err)
			}
		}
	}
	return nil
}

// kinds counts what a source says that it is.
func (s Source) kinds() (n int) {
	for _, at := range []string{s.Path, s.Syslog, s.NATS} {
		if at != "" {
			n++
		}
	}
	return n
}

// receiveBuffer is asked from the kernel for datagrams, in bytes.
const receiveBuffer = 4 << 20

// takeSyslog opens the port and stores what comes before more is read.
func (n *Node) takeSyslog(ctx context.Context, s Source, at port) error {
	name := s.name()
	feed := ingest.NewFeed(n.lookout.config, name, n.lookout.position(ctx)(name), n.lookout)
	at.cfg.Trouble = func(err error) { n.sourceTrouble(name, err) }
	take := func(ctx context.Context, b syslog.Batch) error {
		records := make([]ingest.Record, len(b.Messages))
		for i, m := range b.Messages {
			records[i] = ingest.Record{Peer: m.Peer, Raw: m.Data, Size: m.Size, Long: m.Long}
		}
		return feed.Take(ctx, records, b.Dropped)
	}
	if at.network != "udp" {
		l, err := n.opt.Listen("tcp", at.address)
		if err != nil {
			return err
		}
		return syslog.Stream(ctx, l, at.cfg, take)
	}
	conn, err := n.opt.ListenPacket("udp", at.address)
	if err != nil {
		return err
	}
	socket, ok := conn.(*net.UDPConn)
	if !ok {
		return fmt.Errorf("source %s: not a UDP socket", name)
	}
	_ = socket.SetReadBuffer(receiveBuffer) // a smaller one only means that more is dropped, and counted
	return syslog.Datagram(ctx, socket, at.cfg, take)
}

// readStdin reads standard input to its end, as it comes.
func (n *Node) readStdin(ctx context.Context, s Source) error {
	if n.opt.Stdin == nil {
		n.sourceTrouble(s.name(), errors.New("there is no standard input"))
		return nil
	}
	src := ingest.Source{ID: s.name(), Reader: interruptible(ctx, n.opt.Stdin), Anew: true}
	err := ingest.Once(ctx, n.lookout.config, []ingest.Source{src}, n.lookout.position(ctx), n.lookout)
	if errors.Is(err, errInterrupted) || ctx.Err() != nil {
		return nil
	}
	return err
}

var errInterrupted = errors.New("interrupted")

// interruptible gives up waiting for r when the context ends; a read that has begun goes on until it ends by itself.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	in, out := io.Pipe()
	go func() {
		_, err := io.Copy(out, r)
		out.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { in.CloseWithError(errInterrupted) })
	return in
}
