package eve

import (
	"bytes"

	"entente/watch/event"
	"entente/watch/format/freetext"
)

// column is what the value at a path becomes: a field, and perhaps an observable.
type column struct {
	path, name string // as the line has it, and in ECS
	as         event.As
}

// columns lists the paths whose values are read as they are. Hashes that are not of files
// or certificates (ja3, hassh, body_md5) are plain fields; tls.fingerprint is a certificate's, and email.url was
// found in the body, written without its scheme.
func columns() []column {
	return append(common(), inside()...)
}

// common are the columns of all events and of flows, alerts and tunnels.
func common() []column {
	return []column{
		{"src_ip", "source.ip", event.Address},
		{"flow.src_ip", "source.ip", event.Address},
		{"alert.source.ip", "source.ip", event.Address},
		{"src_port", "source.port", event.Plain},
		{"dest_ip", "destination.ip", event.Address},
		{"flow.dest_ip", "destination.ip", event.Address},
		{"alert.target.ip", "destination.ip", event.Address},
		{"dest_port", "destination.port", event.Plain},
		{"app_proto", "network.protocol", event.Plain},
		{"community_id", "network.community_id", event.Plain},
		{"flow_id", "suricata.flow_id", event.Plain},
		{"host", "observer.hostname", event.Plain},
		{"in_iface", "observer.ingress.interface.name", event.Plain},
		{"xff", "network.forwarded_ip", event.Address},
		{"http.xff", "network.forwarded_ip", event.Address},
		{"tunnel.src_ip", "suricata.tunnel.src_ip", event.Address},
		{"tunnel.dest_ip", "suricata.tunnel.dest_ip", event.Address},
		{"flow.bytes_toserver", "source.bytes", event.Plain},
		{"flow.bytes_toclient", "destination.bytes", event.Plain},
		{"flow.pkts_toserver", "source.packets", event.Plain},
		{"flow.pkts_toclient", "destination.packets", event.Plain},
		{"flow.state", "suricata.flow.state", event.Plain},
		{"alert.action", "event.type", event.Plain},
		{"alert.category", "rule.category", event.Plain},
		{"alert.signature_id", "rule.id", event.Plain},
		{"alert.rev", "rule.version", event.Plain},
		{"alert.severity", "event.severity", event.Plain},
		{"anomaly.event", "event.action", event.Plain},
	}
}

// inside are the columns of single protocols and of files.
func inside() []column {
	return []column{
		{"http.http_method", "http.request.method", event.Plain},
		{"http.status", "http.response.status_code", event.Plain},
		{"http.length", "http.response.body.bytes", event.Plain},
		{"http.http_content_type", "http.response.mime_type", event.Plain},
		{"http.http_refer", "http.request.referrer", event.URL},
		{"http.redirect", "suricata.http.redirect", event.URL},
		{"tls.sni", "tls.client.server_name", event.Host},
		{"quic.sni", "tls.client.server_name", event.Host},
		{"tls.subject", "tls.server.subject", event.Plain},
		{"tls.issuerdn", "tls.server.issuer", event.Plain},
		{"tls.serial", "tls.server.x509.serial_number", event.Plain},
		{"tls.fingerprint", "tls.server.hash.sha1", event.Hash},
		{"tls.subjectaltname", "tls.server.x509.alternative_names", event.Host},
		{"tls.version", "tls.version", event.Plain},
		{"quic.version", "tls.version", event.Plain},
		{"tls.client.fingerprint", "tls.client.hash.sha1", event.Hash},
		{"tls.client.subject", "tls.client.subject", event.Plain},
		{"tls.ja3.hash", "tls.client.ja3", event.Plain},
		{"quic.ja3.hash", "tls.client.ja3", event.Plain},
		{"tls.ja3s.hash", "tls.server.ja3s", event.Plain},
		{"quic.ja3s.hash", "tls.server.ja3s", event.Plain},
		{"tls.ja4", "tls.client.ja4", event.Plain},
		{"quic.ja4", "tls.client.ja4", event.Plain},
		{"ssh.client.software_version", "suricata.ssh.client.software", event.Plain},
		{"ssh.server.software_version", "suricata.ssh.server.software", event.Plain},
		{"ssh.client.hassh.hash", "suricata.ssh.client.hassh", event.Plain},
		{"fileinfo.filename", "file.name", event.Plain},
		{"files.filename", "file.name", event.Plain},
		{"ftp_data.filename", "file.name", event.Plain},
		{"smb.filename", "file.name", event.Plain},
		{"nfs.filename", "file.name", event.Plain},
		{"tftp.file", "file.name", event.Plain},
		{"fileinfo.size", "file.size", event.Plain},
		{"files.size", "file.size", event.Plain},
		{"fileinfo.magic", "suricata.fileinfo.magic", event.Plain},
		{"files.magic", "suricata.fileinfo.magic", event.Plain},
		{"fileinfo.md5", "file.hash.md5", event.Hash},
		{"files.md5", "file.hash.md5", event.Hash},
		{"fileinfo.sha1", "file.hash.sha1", event.Hash},
		{"files.sha1", "file.hash.sha1", event.Hash},
		{"fileinfo.sha256", "file.hash.sha256", event.Hash},
		{"files.sha256", "file.hash.sha256", event.Hash},
		{"email.from", "email.from.address", event.Email},
		{"email.to", "email.to.address", event.Email},
		{"email.cc", "email.cc.address", event.Email},
		{"email.reply_to", "email.reply_to.address", event.Email},
		{"email.subject", "email.subject", event.Plain},
		{"email.url", "suricata.email.url", event.URL},
		{"email.message_id", "email.message_id", event.Plain},
		{"email.attachment", "email.attachments.file.name", event.Plain},
		{"smtp.helo", "suricata.smtp.helo", event.Host},
		{"smtp.mail_from", "email.sender.address", event.Email},
		{"smtp.rcpt_to", "email.to.address", event.Email},
		{"krb5.cname", "user.name", event.Plain},
		{"rdp.cookie", "user.name", event.Plain},
		{"smb.ntlmssp.user", "user.name", event.Plain},
		{"ftp.command", "event.action", event.Plain},
		{"dhcp.hostname", "host.hostname", event.Plain},
		{"dhcp.client_mac", "host.mac", event.Plain},
	}
}

// dns says how a value of a dns event is read. The forms differ by version and output
// setting: one record an event (1), answers[] and grouped.TYPE[] (2),
// queries[] (3), query[] and answer inside alerts; the last key says what a value is in all of them.
func dns(path, key []byte) reader {
	inAnswer := bytes.Contains(path, []byte(".answers.")) || bytes.Contains(path, []byte(".authorities.")) ||
		bytes.Contains(path, []byte(".additionals."))
	switch k := string(key); k {
	case "rrname":
		if inAnswer {
			return reader{way: answeredName}
		}
		return reader{way: own, as: event.Name, name: "dns.question.name"}
	case "rrtype":
		if inAnswer {
			return reader{way: answeredType}
		}
		return reader{way: askedType}
	case "rdata":
		return reader{way: rdata}
	case "A", "AAAA", "CNAME", "NS", "PTR", "MX", "DNAME", "TXT":
		return reader{way: recordData, name: k}
	case "mname", "target", "name":
		return reader{way: own, as: event.Name, name: "dns.answers.data"}
	case "rcode":
		return reader{way: own, name: "dns.response_code"}
	case "type", "id":
		return reader{way: own, name: "dns." + k}
	}
	return reader{way: passed}
}

// answer takes the data of one record: an address or a name, but for types whose data is text or a fingerprint.
func (p *parser) answer(recordType, value string) {
	switch recordType {
	case "TXT":
		p.ev.AddValid("dns.answers.data", value)
		p.scan("dns.answers.data", value)
	case "", "A", "AAAA", "CNAME", "NS", "PTR", "MX", "DNAME", "SOA", "SRV":
		p.ev.Put("dns.answers.data", value, event.Host)
	default:
		p.ev.AddValid("dns.answers.data", value)
	}
}

// prose adds a text in which values may stand anywhere.
func (p *parser) prose(name, text string) {
	p.ev.AddValid(name, text)
	p.scan(name, text)
}

func (p *parser) scan(name, text string) { freetext.Scan(p.ev, name, text) }
