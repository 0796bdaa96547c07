package bench

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/life"
)

// Sizes of the conference bench: so many people talk, in rooms of two, three and so on.
const (
	confPeople = 48
	confSettle = 2 * time.Second
	confSample = 10 * time.Second
	confLimit  = 5 * time.Minute
)

var confSizes = []int{2, 3, 4, 6}

// ConferenceCost measures what the audio of a conversation costs the PBX, by the
// size of its room: processor time per member and second of talk. As many people
// as always talk all the time, in fewer and larger rooms.
func ConferenceCost(ctx context.Context, out, progress io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, confLimit)
	defer cancel()
	desks, err := lab.StartDesks(func() time.Duration { return time.Hour })
	if err != nil {
		return err
	}
	defer desks.Stop()
	o := inbound(phonesAt(desks, 101, 1))
	o.Asterisk.Files = manyLegs
	site, err := newSite(ctx, o)
	if err != nil {
		return err
	}
	defer discard(site)
	h, err := newHall(ctx, site)
	if err != nil {
		return err
	}
	defer h.stop()
	var lines []Line
	var two float64
	for _, size := range confSizes {
		fmt.Fprintf(progress, "conference_cost: %d people talk in rooms of %d …\n", confPeople, size)
		cost, err := h.cost(ctx, size)
		if err != nil {
			return err
		}
		if size == 2 {
			two = cost
		}
		lines = append(lines, NewLine("conference_cost", fmt.Sprintf("%s_cpu_per_member_of_%d", strings.ToLower(centre.NameOfPBX()), size), "ms/s", cost, "of 2", two))
	}
	return Emit(out, lines...)
}

// hall is where people are put together in rooms, without operadora.
type hall struct {
	site    *centre.Site
	pbx     barePBX
	entered chan string
	stops   []func()
}

// newHall opens the PBX to whoever calls in.
func newHall(ctx context.Context, site *centre.Site) (*hall, error) {
	pbx, _, err := bareAdapter(site)
	if err != nil {
		return nil, err
	}
	h := &hall{site: site, pbx: pbx, entered: make(chan string, confPeople), stops: []func(){pbx.Close}}
	stop, err := runBare(ctx, pbx, h.event)
	if err != nil {
		h.stop()
		return nil, err
	}
	h.stops = append(h.stops, stop)
	return h, nil
}

func (h *hall) stop() {
	for i := len(h.stops) - 1; i >= 0; i-- {
		h.stops[i]()
	}
}

func (h *hall) event(e orchestrator.Event) {
	if e.Kind == orchestrator.EventEntered {
		h.entered <- e.Channel
	}
}

// people lets so many phones call in, and speak from then on; what it returns are
// their channels.
func (h *hall) people(ctx context.Context, n int) (channels []string, err error) {
	for i := range n {
		phone, err := h.site.Switch.Caller(strconv.Itoa(5550000 + i))
		if err != nil {
			return nil, err
		}
		h.stops = append(h.stops, phone.Close)
		call, err := phone.Place(ctx, "5000", lab.DialOptions{})
		if err != nil {
			return nil, err
		}
		select {
		case channel := <-h.entered:
			if err := h.pbx.Answer(ctx, channel); err != nil {
				return nil, err
			}
			channels = append(channels, channel)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		call.PlayTone(float64(400 + 25*i))
	}
	return channels, nil
}

// cost puts everybody in rooms of a size, and measures what that takes, in
// milliseconds of processor time per member and second.
func (h *hall) cost(ctx context.Context, size int) (float64, error) {
	channels, err := h.people(ctx, confPeople)
	if err != nil {
		return 0, err
	}
	for room := 0; room*size < len(channels); room++ {
		bridge := fmt.Sprintf("op-hall%d-b%d", size, room)
		if err := h.pbx.CreateBridge(ctx, bridge); err != nil {
			return 0, err
		}
		if err := h.pbx.Join(ctx, bridge, channels[room*size:(room+1)*size]...); err != nil {
			return 0, err
		}
	}
	if !life.Sleep(ctx, confSettle) {
		return 0, ctx.Err()
	}
	before, err := processorTime(h.site.Switch.PID())
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if !life.Sleep(ctx, confSample) {
		return 0, ctx.Err()
	}
	after, err := processorTime(h.site.Switch.PID())
	if err != nil {
		return 0, err
	}
	took := time.Since(began)
	for _, channel := range channels {
		if err := h.pbx.Hangup(ctx, channel, orchestrator.CauseNormal); err != nil {
			return 0, err
		}
	}
	return millis(after-before) / took.Seconds() / float64(len(channels)), nil
}
