package bell

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/url"
	"strings"
	"time"
)

type mailBell struct {
	config Config
	host   string
	port   string
	tls    bool // from the first byte
	from   string
	to     []string
}

func newMail(c Config, u *url.URL) (Bell, error) {
	b := &mailBell{config: c, host: u.Hostname(), port: u.Port(), tls: u.Scheme == "smtps"}
	switch {
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return nil, fmt.Errorf("bell mail: %s is neither smtp:// nor smtps://", u.Redacted())
	case b.port == "" && b.tls:
		b.port = "465"
	case b.port == "":
		b.port = "587"
	}
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return nil, errors.New("bell mail: from is not an address")
	}
	b.from = from.Address
	for _, t := range c.To {
		a, err := mail.ParseAddress(t)
		if err != nil {
			return nil, errors.New("bell mail: to is not an address")
		}
		b.to = append(b.to, a.Address)
	}
	if len(b.to) == 0 {
		return nil, errors.New("bell mail: it has no recipient")
	}
	return b, nil
}

func (b *mailBell) Name() string { return Mail + " " + b.host }

func (b *mailBell) Ring(ctx context.Context, m Message) error {
	if err := b.send(ctx, m); err != nil {
		return fmt.Errorf("%s: %w", b.Name(), err)
	}
	return nil
}

func (b *mailBell) send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	c, err := b.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if len(b.config.Secret) > 0 {
		// net/smtp gives the password to nobody without encryption but to this machine.
		if err := c.Auth(smtp.PlainAuth("", b.config.User, string(b.config.Secret), b.host)); err != nil {
			return err
		}
	}
	if err := c.Mail(b.from); err != nil {
		return err
	}
	for _, to := range b.to {
		if err := c.Rcpt(to); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(b.compose(m)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

func (b *mailBell) dial(ctx context.Context) (*smtp.Client, error) {
	dial := b.config.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(b.host, b.port))
	if err != nil {
		return nil, err
	}
	if end, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(end) // a connection without deadlines is none that we dial
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if b.config.Roots != nil {
		cfg = b.config.Roots.Clone()
	}
	cfg.ServerName = b.host
	if b.tls {
		conn = tls.Client(conn, cfg)
	}
	c, err := smtp.NewClient(conn, b.host)
	if err != nil {
		conn.Close()
		return nil, err
	}
	if ok, _ := c.Extension("STARTTLS"); ok && !b.tls {
		if err := c.StartTLS(cfg); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// compose writes an RFC 5322 message. Whatever is in subject and text, no
// header line can come of it.
func (b *mailBell) compose(m Message) []byte {
	var s strings.Builder
	line := func(k, v string) { fmt.Fprintf(&s, "%s: %s\r\n", k, v) }
	line("From", (&mail.Address{Address: b.from}).String())
	line("To", strings.Join(b.to, ", "))
	line("Subject", mime.QEncoding.Encode("utf-8", strings.Join(strings.Fields(m.Subject), " ")))
	line("Date", m.At.UTC().Format(time.RFC1123Z))
	line("Message-Id", "<"+m.ID+"@"+b.host+">")
	line("Auto-Submitted", "auto-generated")
	line("MIME-Version", "1.0")
	line("Content-Type", "text/plain; charset=utf-8")
	line("Content-Transfer-Encoding", "quoted-printable")
	s.WriteString("\r\n")
	q := quotedprintable.NewWriter(&s)
	_, _ = q.Write([]byte(strings.ReplaceAll(m.Text, "\n", "\r\n"))) // a builder takes everything
	_ = q.Close()
	return []byte(s.String())
}
