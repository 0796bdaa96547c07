package pacing

// hour counts the connected calls of the last sixty minutes.
type hour struct {
	Minute [60]float64 `json:"minute"`
	Newest int         `json:"newest"` // number of the newest minute
	Sum    float64     `json:"sum"`
}

// forward empties the minutes that are more than an hour old.
func (h *hour) forward(now float64) {
	minute := int(now / 60)
	if minute-h.Newest >= len(h.Minute) {
		h.Minute, h.Sum, h.Newest = [60]float64{}, 0, minute
		return
	}
	for h.Newest < minute {
		h.Newest++
		i := h.Newest % len(h.Minute)
		h.Sum -= h.Minute[i]
		h.Minute[i] = 0
	}
}

func (h *hour) connected(now float64) {
	h.forward(now)
	h.Minute[h.Newest%len(h.Minute)]++
	h.Sum++
}

// startWith makes the last hour at least factor times another's: who opens late
// has no claim on what the others did before (start-time fair queueing; Goyal,
// Vin, Cheng, SIGCOMM 1996).
func (h *hour) startWith(o *hour, factor float64) {
	if h.Sum >= factor*o.Sum {
		return
	}
	h.Minute, h.Newest, h.Sum = o.Minute, o.Newest, o.Sum*factor
	for i := range h.Minute {
		h.Minute[i] *= factor
	}
}

// takePart gives a campaign that opens its place among those that are open.
func (p *Pacer) takePart(k *campaign) {
	k.hour.forward(p.now)
	var least *campaign
	for i := range p.campaigns {
		o := &p.campaigns[i]
		if o == k || !p.dialling(o) || o.cfg.Mode == ModeAgentless {
			continue
		}
		o.hour.forward(p.now)
		if least == nil || o.hour.Sum/o.cfg.Share < least.hour.Sum/least.cfg.Share {
			least = o
		}
	}
	if least != nil {
		k.hour.startWith(&least.hour, k.cfg.Share/least.cfg.Share)
	}
}

// dialling says whether a campaign is open at the moment.
func (p *Pacer) dialling(k *campaign) bool {
	return !k.removed && k.gate == gateOpen && p.now < k.until
}

// behind is how many connected calls of the last hour a campaign lacks to its
// share of those that are open, those expected of its calls in the air included.
func (p *Pacer) behind(k *campaign) float64 {
	total, shares, n := 0.0, 0.0, 0
	for i := range p.campaigns {
		if o := &p.campaigns[i]; o == k || p.dialling(o) && o.cfg.Mode != ModeAgentless {
			total += o.prospects()
			shares += o.cfg.Share
			n++
		}
	}
	if n == 1 {
		return 0
	}
	return k.cfg.Share/shares*total - k.prospects()
}

func (k *campaign) prospects() float64 { return k.hour.Sum + float64(k.onWay)*k.pooled }

func (p *Pacer) partOf(k *campaign) float64 {
	total := 0.0
	for i := range p.campaigns {
		total += p.campaigns[i].hour.Sum
	}
	return k.hour.Sum / max(total, 1)
}

func (p *Pacer) shareOf(k *campaign) float64 {
	shares := 0.0
	for i := range p.campaigns {
		if o := &p.campaigns[i]; o == k || p.dialling(o) {
			shares += o.cfg.Share
		}
	}
	return k.cfg.Share / shares
}
