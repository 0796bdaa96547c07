package doctor

import "slices"

// module is a module of Asterisk and what operadora needs it for.
type module struct {
	name, use string
	vital     bool // without it no call can be served
}

// modules are what operadora, the phones and the printed dialplan use of
// Asterisk, in the order in which they are told.
var modules = []module{
	{"app_stasis", "handing calls over from the dialplan", true},
	{"res_stasis", "applications", true},
	{"res_stasis_answer", "answering calls", true},
	{"res_stasis_playback", "prompts", true},
	{"res_stasis_recording", "recordings and voicemail", true},
	{"res_stasis_device_state", "lamps of agents' phones", true},
	{"res_stasis_snoop", "supervisors who listen in", true},
	{"res_ari", "commands", true},
	{"res_ari_applications", "commands", true},
	{"res_ari_asterisk", "commands", true},
	{"res_ari_bridges", "commands", true},
	{"res_ari_channels", "commands", true},
	{"res_ari_device_states", "lamps and the state of agents' phones", true},
	{"res_ari_endpoints", "finding out which phones are registered", false},
	{"res_ari_events", "events", true},
	{"res_ari_playbacks", "prompts", true},
	{"res_ari_recordings", "recordings", true},
	{"res_ari_sounds", "finding out which prompts are installed", false},
	{"res_http_websocket", "events", true},
	{"bridge_simple", "joining caller and agent", true},
	{"bridge_softmix", "joining more than two, and recording them", true},
	{"bridge_holding", "calling agents", true},
	{"chan_bridge_media", "recording conversations: without it every recording fails", true},
	{"chan_pjsip", "SIP phones and trunks", true},
	{"res_rtp_asterisk", "audio", true},
	{"res_pjsip_session", "SIP calls", true},
	{"res_pjsip_sdp_rtp", "audio of SIP calls", true},
	{"res_pjsip_registrar", "phones that register", false},
	{"res_pjsip_header_funcs", "asking phones to answer by themselves", false},
	{"res_pjsip_exten_state", "lamps of agents' phones", false},
	{"res_musiconhold", "music for those who wait", true},
	{"codec_ulaw", "audio in µ-law", false},
	{"codec_alaw", "audio in A-law", false},
	{"codec_gsm", "prompts in GSM, the format of Asterisk's core sounds", false},
	{"format_gsm", "prompts in GSM, the format of Asterisk's core sounds", false},
	{"format_wav", "recordings, and prompts in WAV", true},
	{"pbx_config", "the dialplan files", false},
	{"app_stack", "feature codes in the dialplan", false},
	{"app_playback", "the apology while operadora is away", false},
	{"func_lock", "the ends of calls while operadora is away, in the dialplan", false},
	{"func_strings", "dialled numbers and the ends of calls, in the dialplan", false},
	{"func_dialplan", "the emergency route of the dialplan", false},
	{"func_channel", "the language of a call, and feature codes in the dialplan", true},
	{"func_callerid", "the caller id that agents see, and feature codes in the dialplan", true},
}

// formats are the modules that write each format of recordings.
var formats = map[string]string{
	"wav": "format_wav", "wav49": "format_wav_gsm", "gsm": "format_gsm",
	"ulaw": "format_pcm", "alaw": "format_pcm", "sln": "format_sln",
}

// neededModules adds what the queues' recordings need.
func neededModules(recordFormats []string) []module {
	out := slices.Clone(modules)
	for _, f := range recordFormats {
		m := module{formats[f], "recordings in format " + f, true}
		i := slices.IndexFunc(out, func(o module) bool { return o.name == m.name })
		switch {
		case m.name == "":
		case i < 0:
			out = append(out, m)
		case !out[i].vital:
			out[i] = module{m.name, m.use + "; " + out[i].use, true}
		}
	}
	return out
}

// judgeModules tells each module that does not run. running is by name, without ".so".
func judgeModules(s *sheet, running map[string]bool, needed []module) {
	missing := 0
	for _, m := range needed {
		if running[m.name] {
			continue
		}
		missing++
		v := Warning
		if m.vital {
			v = Fault
		}
		s.add(v, "module "+m.name, "on the Asterisk console: module load "+m.name+".so; and for the next start, load = "+
			m.name+".so in modules.conf (or install the package that holds it)", "does not run; it is needed for %s", m.use)
	}
	if missing == 0 {
		s.ok("modules", "all %d that are needed run", len(needed))
	}
}
