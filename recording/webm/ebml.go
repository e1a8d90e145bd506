package webm

import (
	"encoding/binary"
	"errors"
	"math"
)

// Element ids (RFC 8794, RFC 9559 section 5), the leading marker bits included.
const (
	idEBML               = 0x1A45DFA3
	idEBMLVersion        = 0x4286
	idEBMLReadVersion    = 0x42F7
	idEBMLMaxIDLength    = 0x42F2
	idEBMLMaxSizeLength  = 0x42F3
	idDocType            = 0x4282
	idDocTypeVersion     = 0x4287
	idDocTypeReadVersion = 0x4285
	idVoid               = 0xEC
	idSegment            = 0x18538067
	idSeekHead           = 0x114D9B74
	idSeek               = 0x4DBB
	idSeekID             = 0x53AB
	idSeekPosition       = 0x53AC
	idInfo               = 0x1549A966
	idTimestampScale     = 0x2AD7B1
	idDuration           = 0x4489
	idDateUTC            = 0x4461
	idTitle              = 0x7BA9
	idMuxingApp          = 0x4D80
	idWritingApp         = 0x5741
	idTracks             = 0x1654AE6B
	idTrackEntry         = 0xAE
	idTrackNumber        = 0xD7
	idTrackUID           = 0x73C5
	idTrackType          = 0x83
	idFlagLacing         = 0x9C
	idFlagDefault        = 0x88
	idLanguage           = 0x22B59C
	idTrackName          = 0x536E
	idCodecID            = 0x86
	idCodecPrivate       = 0x63A2
	idCodecDelay         = 0x56AA
	idSeekPreRoll        = 0x56BB
	idVideo              = 0xE0
	idPixelWidth         = 0xB0
	idPixelHeight        = 0xBA
	idAudio              = 0xE1
	idSamplingFrequency  = 0xB5
	idChannels           = 0x9F
	idCluster            = 0x1F43B675
	idTimestamp          = 0xE7
	idSimpleBlock        = 0xA3
	idCues               = 0x1C53BB6B
	idCuePoint           = 0xBB
	idCueTime            = 0xB3
	idCueTrackPositions  = 0xB7
	idCueTrack           = 0xF7
	idCueClusterPosition = 0xF1
	idChapters           = 0x1043A770
	idEditionEntry       = 0x45B9
	idEditionUID         = 0x45BC
	idChapterAtom        = 0xB6
	idChapterUID         = 0x73C4
	idChapterTimeStart   = 0x91
	idChapterTimeEnd     = 0x92
	idChapterDisplay     = 0x80
	idChapString         = 0x85
	idChapLanguage       = 0x437C
	idTags               = 0x1254C367
	idTag                = 0x7373
	idTargets            = 0x63C0
	idSimpleTag          = 0x67C8
	idTagName            = 0x45A3
	idTagString          = 0x4487
)

// unknownSize is what elementSize gives for a size of all ones.
const unknownSize = -1

var errElement = errors.New("invalid element")

func appendID(b []byte, id uint32) []byte {
	switch {
	case id > 0xFFFFFF:
		return binary.BigEndian.AppendUint32(b, id)
	case id > 0xFFFF:
		return append(b, byte(id>>16), byte(id>>8), byte(id))
	case id > 0xFF:
		return append(b, byte(id>>8), byte(id))
	default:
		return append(b, byte(id))
	}
}

// appendSize appends n in the fewest bytes. All ones would mean "unknown", so
// each length holds one value less than its bits.
func appendSize(b []byte, n int) []byte {
	length := 1
	for length < 8 && n >= 1<<(7*length)-1 {
		length++
	}
	return appendSizeIn(b, int64(n), length)
}

// appendSizeIn appends n in exactly length bytes.
func appendSizeIn(b []byte, n int64, length int) []byte {
	v := uint64(n) | 1<<(7*length)
	for i := length - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

func appendBytes(b []byte, id uint32, data []byte) []byte {
	return append(appendSize(appendID(b, id), len(data)), data...)
}

func appendString(b []byte, id uint32, s string) []byte {
	return append(appendSize(appendID(b, id), len(s)), s...)
}

// appendUint appends v in the fewest bytes.
func appendUint(b []byte, id uint32, v uint64) []byte {
	length := 1
	for length < 8 && v>>(8*length) != 0 {
		length++
	}
	b = appendSize(appendID(b, id), length)
	for i := length - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

// appendUint16 and appendUint64 have a fixed length, so that the value can be
// patched in place.
func appendUint16(b []byte, id uint32, v uint16) []byte {
	return binary.BigEndian.AppendUint16(append(appendID(b, id), 0x82), v)
}

func appendUint64(b []byte, id uint32, v uint64) []byte {
	return binary.BigEndian.AppendUint64(append(appendID(b, id), 0x88), v)
}

func appendFloat(b []byte, id uint32, v float64) []byte {
	return appendUint64(b, id, math.Float64bits(v))
}

// appendVoid appends an element of exactly total bytes that readers skip.
// Total must be at least 3.
func appendVoid(b []byte, total int) []byte {
	b = appendSizeIn(append(b, idVoid), int64(total-3), 2)
	return append(b, make([]byte, total-3)...)
}

// An element is one parsed element header.
type element struct {
	id   uint32
	size int64 // of the data; unknownSize if the writer didn't know
	head int   // bytes of id and size
}

// parseElement reads the id and size at the start of b. B may be shorter than
// the element, but must hold its header.
func parseElement(b []byte) (element, error) {
	idLen := vintLen(b, 4)
	if idLen == 0 {
		return element{}, errElement
	}
	var id uint32
	for _, c := range b[:idLen] {
		id = id<<8 | uint32(c)
	}
	sizeLen := vintLen(b[idLen:], 8)
	if sizeLen == 0 {
		return element{}, errElement
	}
	field := b[idLen : idLen+sizeLen]
	v := uint64(field[0]) & (1<<(8-sizeLen) - 1)
	for _, c := range field[1:] {
		v = v<<8 | uint64(c)
	}
	e := element{id: id, size: int64(v), head: idLen + sizeLen}
	if v == 1<<(7*sizeLen)-1 {
		e.size = unknownSize
	}
	return e, nil
}

// tryElement is parseElement for bytes that may be anything.
func tryElement(b []byte) (e element, ok bool) {
	e, err := parseElement(b)
	return e, err == nil
}

// vintLen returns how many bytes the variable-size integer at the start of b
// takes, 0 if it is longer than limit or than b.
func vintLen(b []byte, limit int) int {
	if len(b) == 0 {
		return 0
	}
	for n := 1; n <= limit; n++ {
		if int(b[0])&(0x100>>n) == 0 {
			continue
		}
		if len(b) < n {
			return 0
		}
		return n
	}
	return 0
}

// children calls fn for each element of a master element's data, with the
// offset of its data in b.
func children(b []byte, fn func(id uint32, data []byte, off int) error) error {
	for pos := 0; pos < len(b); {
		e, err := parseElement(b[pos:])
		if err != nil {
			return err
		}
		pos += e.head
		if e.size < 0 || e.size > int64(len(b)-pos) {
			return errElement
		}
		if err := fn(e.id, b[pos:pos+int(e.size)], pos); err != nil {
			return err
		}
		pos += int(e.size)
	}
	return nil
}

// parseUint reads an unsigned integer of up to eight bytes.
func parseUint(b []byte) (uint64, error) {
	if len(b) > 8 {
		return 0, errElement
	}
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v, nil
}

// parseFloat reads a float of eight bytes, the only length we write.
func parseFloat(b []byte) (float64, error) {
	if len(b) != 8 {
		return 0, errElement
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
}
