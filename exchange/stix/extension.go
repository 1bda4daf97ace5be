package stix

import "strings"

// The extensions that section 6 itself defines, by type and key.
var knownExtensions = map[string]map[string]rule{
	"file": {
		"archive-ext":          part(shape{rules: map[string]rule{"contains_refs": list(idOf("file", "directory")), "comment": text}, need: []string{"contains_refs"}}),
		"ntfs-ext":             part(shape{rules: map[string]rule{"sid": text, "alternate_data_streams": list(part(dataStream))}, together: atLeastOne("sid", "alternate_data_streams")}),
		"pdf-ext":              part(pdf),
		"raster-image-ext":     part(rasterImage),
		"windows-pebinary-ext": part(peBinary),
	},
	"network-traffic": {
		"http-request-ext": part(shape{
			rules: map[string]rule{
				"request_method": text, "request_value": text, "request_version": text, "request_header": dictionary(list(text)),
				"message_body_length": integer, "message_body_data_ref": idOf("artifact"),
			}, need: []string{"request_method", "request_value"},
		}),
		"icmp-ext": part(shape{rules: map[string]rule{"icmp_type_hex": hexText, "icmp_code_hex": hexText}, need: []string{"icmp_type_hex", "icmp_code_hex"}}),
		"socket-ext": part(shape{
			rules: map[string]rule{
				"address_family": oneOf("AF_UNSPEC", "AF_INET", "AF_IPX", "AF_APPLETALK", "AF_NETBIOS", "AF_INET6", "AF_IRDA", "AF_BTH"),
				"is_blocking":    boolean, "is_listening": boolean, "options": dictionary(integer),
				"socket_type":       oneOf("SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM", "SOCK_SEQPACKET"),
				"socket_descriptor": between(0, maxInt), "socket_handle": integer,
			}, need: []string{"address_family"},
		}),
		"tcp-ext": part(shape{rules: map[string]rule{"src_flags_hex": hexText, "dst_flags_hex": hexText}, together: atLeastOne("src_flags_hex", "dst_flags_hex")}),
	},
	"process": {
		"windows-process-ext": part(shape{
			rules: map[string]rule{
				"aslr_enabled": boolean, "dep_enabled": boolean, "priority": text, "owner_sid": text, "window_title": text,
				"startup_info": anObject, "integrity_level": oneOf("low", "medium", "high", "system"),
			}, together: atLeastOne("aslr_enabled", "dep_enabled", "priority", "owner_sid", "window_title", "startup_info", "integrity_level"),
		}),
		"windows-service-ext": part(windowsService),
	},
	"user-account": {
		"unix-account-ext": part(shape{
			rules:    map[string]rule{"gid": numeric, "groups": list(text), "home_dir": text, "shell": text},
			together: atLeastOne("gid", "groups", "home_dir", "shell"),
		}),
	},
}

var (
	dataStream = shape{rules: map[string]rule{"name": text, "hashes": hashes, "size": between(0, maxInt)}, need: []string{"name"}}
	mimePart   = shape{
		rules: map[string]rule{"body": text, "body_raw_ref": idOf("artifact", "file"), "content_type": text, "content_disposition": text},
		together: func(n *node) *fault {
			return firstOf(atLeastOne("body", "body_raw_ref"), excludes("body", "body_raw_ref"))(n)
		},
	}
	pdf = shape{
		rules:    map[string]rule{"version": text, "is_optimized": boolean, "document_info_dict": dictionary(text), "pdfid0": text, "pdfid1": text},
		together: atLeastOne("version", "is_optimized", "document_info_dict", "pdfid0", "pdfid1"),
	}
	rasterImage = shape{
		rules:    map[string]rule{"image_height": integer, "image_width": integer, "bits_per_pixel": integer, "exif_tags": dictionary(textOrInteger)},
		together: atLeastOne("image_height", "image_width", "bits_per_pixel", "exif_tags"),
	}
	peBinary = shape{
		rules: map[string]rule{
			"pe_type": text, "imphash": text, "machine_hex": hexText, "number_of_sections": between(0, maxInt), "time_date_stamp": wholeSecond,
			"pointer_to_symbol_table_hex": hexText, "number_of_symbols": between(0, maxInt), "size_of_optional_header": between(0, maxInt),
			"characteristics_hex": hexText, "file_header_hashes": hashes, "optional_header": optionalHeader, "sections": list(part(peSection)),
		}, need: []string{"pe_type"},
	}
	peSection      = shape{rules: map[string]rule{"name": text, "size": between(0, maxInt), "entropy": numeric, "hashes": hashes}, need: []string{"name"}}
	windowsService = shape{
		rules: map[string]rule{
			"service_name": text, "descriptions": list(text), "display_name": text, "group_name": text, "service_dll_refs": list(idOf("file")),
			"start_type":   oneOf("SERVICE_AUTO_START", "SERVICE_BOOT_START", "SERVICE_DEMAND_START", "SERVICE_DISABLED", "SERVICE_SYSTEM_ALERT"),
			"service_type": oneOf("SERVICE_KERNEL_DRIVER", "SERVICE_FILE_SYSTEM_DRIVER", "SERVICE_WIN32_OWN_PROCESS", "SERVICE_WIN32_SHARE_PROCESS"),
			"service_status": oneOf("SERVICE_CONTINUE_PENDING", "SERVICE_PAUSE_PENDING", "SERVICE_PAUSED", "SERVICE_RUNNING", "SERVICE_START_PENDING",
				"SERVICE_STOP_PENDING", "SERVICE_STOPPED"),
		},
		together: atLeastOne("service_name", "descriptions", "display_name", "group_name", "start_type", "service_dll_refs", "service_type", "service_status"),
	}
	registryValue = shape{
		rules: map[string]rule{
			"name": text, "data": text,
			"data_type": oneOf("REG_NONE", "REG_SZ", "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD", "REG_DWORD_BIG_ENDIAN", "REG_DWORD_LITTLE_ENDIAN", "REG_LINK",
				"REG_MULTI_SZ", "REG_RESOURCE_LIST", "REG_FULL_RESOURCE_DESCRIPTION", "REG_RESOURCE_REQUIREMENTS_LIST", "REG_QWORD", "REG_INVALID_TYPE"),
		}, together: atLeastOne("name", "data", "data_type"),
	}
	x509Extensions = shape{
		rules: map[string]rule{
			"basic_constraints": text, "name_constraints": text, "policy_constraints": text, "key_usage": text, "extended_key_usage": text,
			"subject_key_identifier": text, "authority_key_identifier": text, "subject_alternative_name": text, "issuer_alternative_name": text,
			"subject_directory_attributes": text, "crl_distribution_points": text, "inhibit_any_policy": text, "certificate_policies": text,
			"policy_mappings": text, "private_key_usage_period_not_before": timestamp, "private_key_usage_period_not_after": timestamp,
		},
		together: atLeastOne(
			"basic_constraints", "name_constraints", "policy_constraints", "key_usage", "extended_key_usage", "subject_key_identifier", "authority_key_identifier",
			"subject_alternative_name", "issuer_alternative_name", "subject_directory_attributes", "crl_distribution_points", "inhibit_any_policy",
			"certificate_policies", "policy_mappings", "private_key_usage_period_not_before", "private_key_usage_period_not_after",
		),
	}
)

func firstOf(all ...func(*node) *fault) func(*node) *fault {
	return func(n *node) *fault { return shape{}.with(all...).together(n) }
}

func wholeSecond(v *node) *fault {
	if f := timestamp(v); f != nil || len(v.text) != len("2006-01-02T15:04:05Z") {
		return bad("no timestamp of a whole second")
	}
	return nil
}

// optionalHeader is section 6.7.6.1: all its properties are integers but the
// hexadecimal ones and the hashes.
func optionalHeader(v *node) *fault {
	if v.kind != '{' || len(v.members) == 0 {
		return bad("no object with something in it")
	}
	for i := range v.members {
		m, check := &v.members[i], rule(integer)
		switch {
		case m.key == "hashes":
			check = hashes
		case strings.HasSuffix(m.key, "_hex"):
			check = hexText
		case strings.HasPrefix(m.key, "size_of_"):
			check = between(0, maxInt)
		}
		if f := check(&m.node); f != nil {
			return f.in(m.key)
		}
	}
	return nil
}
