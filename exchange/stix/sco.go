package stix

import "strings"

// The cyber-observable objects (section 6).
var observableTypes = map[string]shape{
	"artifact": cyber(map[string]rule{
		"mime_type": mediaType, "payload_bin": base64Text, "url": text, "hashes": hashes,
		"encryption_algorithm": oneOf("AES-256-GCM", "ChaCha20-Poly1305", "mime-type-indicated"), "decryption_key": text,
	}).with(atLeastOne("payload_bin", "url"), excludes("payload_bin", "url"), needs("url", "hashes"), needs("decryption_key", "encryption_algorithm")),
	"autonomous-system": cyber(map[string]rule{"number": integer, "name": text, "rir": text}, "number"),
	"directory": cyber(map[string]rule{
		"path": text, "path_enc": encoding, "ctime": timestamp, "mtime": timestamp, "atime": timestamp, "contains_refs": list(idOf("file", "directory")),
	}, "path"),
	"domain-name": cyber(map[string]rule{
		"value": text, "resolves_to_refs": list(idOf("ipv4-addr", "ipv6-addr", "domain-name")),
	}, "value"),
	"email-addr": cyber(map[string]rule{"value": text, "display_name": text, "belongs_to_ref": idOf("user-account")}, "value"),
	"email-message": cyber(map[string]rule{
		"is_multipart": boolean, "date": timestamp, "content_type": text, "from_ref": idOf("email-addr"), "sender_ref": idOf("email-addr"),
		"to_refs": list(idOf("email-addr")), "cc_refs": list(idOf("email-addr")), "bcc_refs": list(idOf("email-addr")), "message_id": text,
		"subject": text, "received_lines": list(text), "additional_header_fields": dictionary(header), "body": text, "body_multipart": list(part(mimePart)),
		"raw_email_ref": idOf("artifact"),
	}, "is_multipart").with(func(n *node) *fault {
		if n.member("is_multipart").kind == 't' {
			return excludes("body", "is_multipart")(n)
		}
		return excludes("body_multipart", "is_multipart")(n)
	}),
	"file": cyber(map[string]rule{
		"hashes": hashes, "size": between(0, maxInt), "name": text, "name_enc": encoding, "magic_number_hex": hexText, "mime_type": text,
		"ctime": timestamp, "mtime": timestamp, "atime": timestamp, "parent_directory_ref": idOf("directory"), "contains_refs": list(idOf()),
		"content_ref": idOf("artifact"),
	}).with(atLeastOne("hashes", "name")),
	"ipv4-addr": cyber(map[string]rule{
		"value": ipv4, "resolves_to_refs": list(idOf("mac-addr")), "belongs_to_refs": list(idOf("autonomous-system")),
	}, "value"),
	"ipv6-addr": cyber(map[string]rule{
		"value": ipv6, "resolves_to_refs": list(idOf("mac-addr")), "belongs_to_refs": list(idOf("autonomous-system")),
	}, "value"),
	"mac-addr": cyber(map[string]rule{"value": macAddress}, "value"),
	"mutex":    cyber(map[string]rule{"name": text}, "name"),
	"network-traffic": cyber(map[string]rule{
		"start": timestamp, "end": timestamp, "is_active": boolean, "src_ref": idOf(endpoints...), "dst_ref": idOf(endpoints...),
		"src_port": between(0, 65535), "dst_port": between(0, 65535), "protocols": list(text), "src_byte_count": integer, "dst_byte_count": integer,
		"src_packets": integer, "dst_packets": integer, "ipfix": dictionary(textOrInteger), "src_payload_ref": idOf("artifact"),
		"dst_payload_ref": idOf("artifact"), "encapsulates_refs": list(idOf("network-traffic")), "encapsulated_by_ref": idOf("network-traffic"),
	}, "protocols").with(atLeastOne("src_ref", "dst_ref"), notBefore("start", "end"), func(n *node) *fault {
		if active := n.member("is_active"); active != nil && active.kind == 't' {
			return excludes("end", "is_active")(n)
		}
		return nil
	}),
	"process": cyber(map[string]rule{
		"is_hidden": boolean, "pid": integer, "created_time": timestamp, "cwd": text, "command_line": text, "environment_variables": dictionary(text),
		"opened_connection_refs": list(idOf("network-traffic")), "creator_user_ref": idOf("user-account"), "image_ref": idOf("file"),
		"parent_ref": idOf("process"), "child_refs": list(idOf("process")),
	}).with(own),
	"software": cyber(map[string]rule{
		"name": text, "cpe": cpe, "swid": text, "languages": list(text), "vendor": text, "version": text,
	}, "name"),
	"url": cyber(map[string]rule{"value": text}, "value"),
	"user-account": cyber(map[string]rule{
		"user_id": text, "credential": text, "account_login": text, "account_type": text, "display_name": text, "is_service_account": boolean,
		"is_privileged": boolean, "can_escalate_privs": boolean, "is_disabled": boolean, "account_created": timestamp, "account_expires": timestamp,
		"credential_last_changed": timestamp, "account_first_login": timestamp, "account_last_login": timestamp,
	}).with(own),
	"windows-registry-key": cyber(map[string]rule{
		"key": registryKey, "values": list(part(registryValue)), "modified_time": timestamp, "creator_user_ref": idOf("user-account"),
		"number_of_subkeys": integer,
	}).with(own),
	"x509-certificate": cyber(map[string]rule{
		"is_self_signed": boolean, "hashes": hashes, "version": text, "serial_number": text, "signature_algorithm": text, "issuer": text,
		"validity_not_before": timestamp, "validity_not_after": timestamp, "subject": text, "subject_public_key_algorithm": text,
		"subject_public_key_modulus": text, "subject_public_key_exponent": integer, "x509_v3_extensions": part(x509Extensions),
	}).with(own),
}

const maxInt = 1 << 53

var endpoints = []string{"ipv4-addr", "ipv6-addr", "mac-addr", "domain-name"}

// own says that an object has something beside what all have.
func own(n *node) *fault {
	for i := range n.members {
		key := n.members[i].key
		if _, common := commonRules[key]; !common && key != "defanged" {
			return nil
		}
	}
	return bad("no property of its own")
}

func mediaType(v *node) *fault {
	major, minor, ok := strings.Cut(v.text, "/")
	switch major {
	case "application", "audio", "font", "image", "message", "model", "multipart", "text", "video":
		if ok && v.kind == '"' && minor != "" && only(minor[:1], ".+_-") {
			return nil
		}
	}
	return bad("no media type")
}

// encoding is the name of a character set (IANA).
func encoding(v *node) *fault {
	if v.kind != '"' || len(v.text) < 2 || len(v.text) > 250 || !only(v.text, "/.+_:-") {
		return bad("no name of a character set")
	}
	return nil
}

// cpe accepts the form of a CPE 2.3 name: thirteen fields between colons.
func cpe(v *node) *fault {
	fields := strings.Split(strings.ReplaceAll(v.text, `\:`, ""), ":")
	if v.kind != '"' || len(fields) != 13 || fields[0] != "cpe" || fields[1] != "2.3" {
		return bad("no CPE 2.3 name")
	}
	return nil
}

// registryKey wants the hive in full (section 6.17).
func registryKey(v *node) *fault {
	if v.kind != '"' {
		return bad("no string")
	}
	for _, short := range []string{"HKLM", "HKCC", "HKCR", "HKCU", "HKU"} {
		if len(v.text) >= len(short) && strings.EqualFold(v.text[:len(short)], short) {
			return bad("a hive cut short")
		}
	}
	return nil
}

func header(v *node) *fault {
	if v.kind == '"' {
		return nil
	}
	return list(text)(v)
}

func textOrInteger(v *node) *fault {
	if v.kind == '"' {
		return nil
	}
	return integer(v)
}
