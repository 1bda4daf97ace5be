package eve

import (
	"bytes"

	"entente/watch/event"
	"entente/watch/format/freetext"
	"entente/watch/format/jsonline"
)

// column returns the ECS name of a path and how its value is observed, "" for a
// path that is neither a field nor an observable. Hashes that are not of files
// or certificates (ja3, hassh, body_md5) are plain fields.
func column(path []byte) (string, event.As) {
	switch string(path) {
	case "src_ip", "flow.src_ip", "alert.source.ip":
		return "source.ip", event.Address
	case "src_port":
		return "source.port", event.Plain
	case "dest_ip", "flow.dest_ip", "alert.target.ip":
		return "destination.ip", event.Address
	case "dest_port":
		return "destination.port", event.Plain
	case "app_proto":
		return "network.protocol", event.Plain
	case "community_id":
		return "network.community_id", event.Plain
	case "flow_id":
		return "suricata.flow_id", event.Plain
	case "host":
		return "observer.hostname", event.Plain
	case "in_iface":
		return "observer.ingress.interface.name", event.Plain
	case "xff", "http.xff":
		return "network.forwarded_ip", event.Address
	case "tunnel.src_ip":
		return "suricata.tunnel.src_ip", event.Address
	case "tunnel.dest_ip":
		return "suricata.tunnel.dest_ip", event.Address
	case "flow.bytes_toserver":
		return "source.bytes", event.Plain
	case "flow.bytes_toclient":
		return "destination.bytes", event.Plain
	case "flow.pkts_toserver":
		return "source.packets", event.Plain
	case "flow.pkts_toclient":
		return "destination.packets", event.Plain
	case "flow.state":
		return "suricata.flow.state", event.Plain
	case "alert.action":
		return "event.type", event.Plain
	case "alert.category":
		return "rule.category", event.Plain
	case "alert.signature_id":
		return "rule.id", event.Plain
	case "alert.rev":
		return "rule.version", event.Plain
	case "alert.severity":
		return "event.severity", event.Plain
	case "anomaly.event":
		return "event.action", event.Plain
	}
	if name, as := webColumn(path); name != "" {
		return name, as
	}
	return mailAndFileColumn(path)
}

// webColumn holds http, tls, quic and ssh.
func webColumn(path []byte) (string, event.As) {
	switch string(path) {
	case "http.http_method":
		return "http.request.method", event.Plain
	case "http.status":
		return "http.response.status_code", event.Plain
	case "http.length":
		return "http.response.body.bytes", event.Plain
	case "http.http_content_type":
		return "http.response.mime_type", event.Plain
	case "http.http_refer":
		return "http.request.referrer", event.URL
	case "http.redirect":
		return "suricata.http.redirect", event.URL
	case "tls.sni", "quic.sni":
		return "tls.client.server_name", event.Host
	case "tls.subject":
		return "tls.server.subject", event.Plain
	case "tls.issuerdn":
		return "tls.server.issuer", event.Plain
	case "tls.serial":
		return "tls.server.x509.serial_number", event.Plain
	case "tls.fingerprint":
		return "tls.server.hash.sha1", event.Hash // of the certificate
	case "tls.subjectaltname":
		return "tls.server.x509.alternative_names", event.Host
	case "tls.version", "quic.version":
		return "tls.version", event.Plain
	case "tls.client.fingerprint":
		return "tls.client.hash.sha1", event.Hash
	case "tls.client.subject":
		return "tls.client.subject", event.Plain
	case "tls.ja3.hash", "quic.ja3.hash":
		return "tls.client.ja3", event.Plain
	case "tls.ja3s.hash", "quic.ja3s.hash":
		return "tls.server.ja3s", event.Plain
	case "tls.ja4", "quic.ja4":
		return "tls.client.ja4", event.Plain
	case "ssh.client.software_version":
		return "suricata.ssh.client.software", event.Plain
	case "ssh.server.software_version":
		return "suricata.ssh.server.software", event.Plain
	case "ssh.client.hassh.hash":
		return "suricata.ssh.client.hassh", event.Plain
	default:
		return "", event.Plain
	}
}

// mailAndFileColumn holds mail, files and the protocols of local networks.
func mailAndFileColumn(path []byte) (string, event.As) {
	switch string(path) {
	case "fileinfo.filename", "files.filename", "ftp_data.filename", "smb.filename", "nfs.filename", "tftp.file":
		return "file.name", event.Plain
	case "fileinfo.size", "files.size":
		return "file.size", event.Plain
	case "fileinfo.magic", "files.magic":
		return "suricata.fileinfo.magic", event.Plain
	case "fileinfo.md5", "files.md5":
		return "file.hash.md5", event.Hash
	case "fileinfo.sha1", "files.sha1":
		return "file.hash.sha1", event.Hash
	case "fileinfo.sha256", "files.sha256":
		return "file.hash.sha256", event.Hash
	case "email.from":
		return "email.from.address", event.Email
	case "email.to":
		return "email.to.address", event.Email
	case "email.cc":
		return "email.cc.address", event.Email
	case "email.reply_to":
		return "email.reply_to.address", event.Email
	case "email.subject":
		return "email.subject", event.Plain
	case "email.url": // found in the body, written without its scheme
		return "suricata.email.url", event.URL
	case "email.message_id":
		return "email.message_id", event.Plain
	case "email.attachment":
		return "email.attachments.file.name", event.Plain
	case "smtp.helo":
		return "suricata.smtp.helo", event.Host
	case "smtp.mail_from":
		return "email.sender.address", event.Email
	case "smtp.rcpt_to":
		return "email.to.address", event.Email
	case "krb5.cname", "rdp.cookie", "smb.ntlmssp.user":
		return "user.name", event.Plain
	case "ftp.command":
		return "event.action", event.Plain
	case "dhcp.hostname":
		return "host.hostname", event.Plain
	case "dhcp.client_mac":
		return "host.mac", event.Plain
	default:
		return "", event.Plain
	}
}

// dns takes a value of a dns event. The forms differ by version and output
// setting: one record an event (1), answers[] and grouped.TYPE[] (2),
// queries[] (3), query[] and answer inside alerts; the last key says what a value is in all of them.
func (p *parser) dns(n jsonline.Node) {
	value := string(n.Value)
	inAnswer := bytes.Contains(n.Path, []byte(".answers.")) || bytes.Contains(n.Path, []byte(".authorities.")) ||
		bytes.Contains(n.Path, []byte(".additionals."))
	switch string(n.Key) {
	case "rrname":
		if inAnswer {
			p.ev.Observe("dns.answers.name", value, event.Name)
		} else {
			p.ev.Put("dns.question.name", value, event.Name)
		}
	case "rrtype":
		if p.recordType = value; !inAnswer {
			p.ev.Add("dns.question.type", value)
		}
	case "rdata":
		p.answer(p.recordType, value)
	case "A", "AAAA", "CNAME", "NS", "PTR", "MX", "DNAME", "TXT":
		p.answer(string(n.Key), value)
	case "mname", "target", "name":
		p.ev.Put("dns.answers.data", value, event.Name)
	case "rcode":
		p.ev.Add("dns.response_code", value)
	case "type":
		p.ev.Add("dns.type", value)
	case "id":
		p.ev.Add("dns.id", value)
	}
}

// answer takes the data of one record: an address or a name, but for types whose data is text or a fingerprint.
func (p *parser) answer(recordType, value string) {
	switch recordType {
	case "TXT":
		p.ev.Add("dns.answers.data", value)
		p.scan("dns.answers.data", value)
	case "", "A", "AAAA", "CNAME", "NS", "PTR", "MX", "DNAME", "SOA", "SRV":
		p.ev.Put("dns.answers.data", value, event.Host)
	default:
		p.ev.Add("dns.answers.data", value)
	}
}

func (p *parser) text(name string, value []byte) {
	text := string(value)
	p.ev.Add(name, text)
	p.scan(name, text)
}

func (p *parser) scan(name, text string) { freetext.Scan(p.ev, name, text) }
