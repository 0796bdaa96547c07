package main

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/spf13/pflag"
)

// timeFlag is a length of time on the command line, written 140s or 2h, or as
// a bare number of its unit.
type timeFlag struct {
	value *float64 // in units
	unit  time.Duration
	sign  string // of the unit: s or h
}

var _ pflag.Value = timeFlag{}

func inSeconds(value *float64) timeFlag { return timeFlag{value, time.Second, "s"} }
func inHours(value *float64) timeFlag   { return timeFlag{value, time.Hour, "h"} }

// Set reads a length of time; whether it fits is for others to judge.
func (f timeFlag) Set(text string) error {
	if v, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
		*f.value = v
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("not a length of time: write 90s, 15m or 2h; a bare number is taken as %s", f.sign)
	}
	*f.value = d.Seconds() / f.unit.Seconds()
	return nil
}

// String returns the value as Set reads it; zero is "0", which help does not show.
func (f timeFlag) String() string {
	if *f.value == 0 {
		return "0"
	}
	return strconv.FormatFloat(*f.value, 'g', -1, 64) + f.sign
}

// Type is the word that help shows for the value.
func (f timeFlag) Type() string { return "duration" }
