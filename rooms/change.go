package rooms

import (
	"fmt"
	"time"
)

// A Change says what is to be different about a room. Nil fields stay.
type Change struct {
	Description *string
	Capacity    *int
	Start       *time.Time
	Minutes     *int
	End         *time.Time
	Rules       RulesChange
}

// Changed returns the room with c applied: *FieldError for what can't be,
// ErrOver for a room that is over, ErrBegun for times of a running meeting,
// which is extended or ended instead. A start moves the end along unless that
// is given too.
func (r Room) Changed(c Change, now time.Time) (Room, error) {
	if r.Cancelled || !now.Before(r.End) {
		return Room{}, ErrOver
	}
	if c.Description != nil {
		if err := validateDescription(*c.Description); err != nil {
			return Room{}, err
		}
		r.Description = *c.Description
	}
	if c.Capacity != nil {
		if err := validateCapacity(*c.Capacity); err != nil {
			return Room{}, err
		}
		r.Capacity = *c.Capacity
	}
	rules, err := r.Rules.Changed(c.Rules)
	if err != nil {
		return Room{}, err
	}
	r.Rules = rules
	if c.Start == nil && c.Minutes == nil && c.End == nil {
		return r, nil
	}
	if !now.Before(r.Start) {
		return Room{}, ErrBegun
	}
	return r.moved(c, now)
}

func (r Room) moved(c Change, now time.Time) (Room, error) {
	if c.Start != nil {
		r.Start = c.Start.UTC().Truncate(time.Millisecond)
		if err := validateStart(r.Start, now); err != nil {
			return Room{}, err
		}
	}
	switch {
	case c.Minutes != nil && c.End != nil:
		return Room{}, &FieldError{"end", "can't stand beside duration"}
	case c.Minutes != nil:
		if err := validateMinutes("duration", *c.Minutes); err != nil {
			return Room{}, err
		}
		r.Duration = time.Duration(*c.Minutes) * time.Minute
	case c.End != nil:
		end := c.End.UTC().Truncate(time.Millisecond)
		if err := validateLength("end", r.Start, end); err != nil {
			return Room{}, err
		}
		r.Duration = end.Sub(r.Start)
	}
	r.End = r.Start.Add(r.Duration)
	return r, nil
}

// Extended returns the room with a later end, or ErrOver.
func (r Room) Extended(minutes int, now time.Time) (Room, error) {
	if r.Cancelled || !now.Before(r.End) {
		return Room{}, ErrOver
	}
	if err := validateMinutes("minutes", minutes); err != nil {
		return Room{}, err
	}
	end := r.End.Add(time.Duration(minutes) * time.Minute)
	if end.Sub(r.Start) > MaxMinutes*time.Minute {
		return Room{}, &FieldError{"minutes", fmt.Sprintf("must leave the room at most %d minutes in all", MaxMinutes)}
	}
	r.End, r.Duration = end, end.Sub(r.Start)
	return r, nil
}

// Cancel returns the room called off at now. A room that is over stays as it is.
func (r Room) Cancel(now time.Time) Room {
	if now.Before(r.End) {
		r.Cancelled, r.End = true, now.UTC().Truncate(time.Millisecond)
	}
	return r
}
