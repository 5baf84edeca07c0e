// What the messages of a stream have said so far: `after(state, message)` returns the next state.

/** Songs that the page keeps: as many as a snapshot holds. */
const KEPT = 100;

export const BLANK = { stream: null, start: null, reading: null, songs: [], songStart: 0, error: null, ended: false };

export function after(state, message) {
  switch (message.type) {
    case "snapshot": {
      const { stream, start, reading, songs } = message;
      // A snapshot is complete, unless it goes on where this page stopped.
      const all = message.resumed ? merged(state.songs, songs) : songs;
      return { ...BLANK, stream, start, reading, songs: all, songStart: all.at(-1)?.end ?? 0 };
    }
    case "start":
      // Another input counts its songs and its seconds from the beginning; what was heard before stays.
      return { ...BLANK, stream: state.stream, start: message, songs: state.songs };
    case "reading": {
      const between = message.state === "silence" || passedOver(state.reading, message);
      return { ...state, reading: message, songStart: between ? message.t : state.songStart };
    }
    case "song":
      return {
        ...state,
        reading: beyond(state.reading, message),
        songs: merged(state.songs, [message]),
        songStart: message.end,
      };
    case "end":
      return { ...state, reading: null, error: message.error, ended: true };
    default:
      return state;
  }
}

/** Return whether another track plays than before, with the same number: songs of a few seconds are not reported. */
function passedOver(before, now) {
  return Boolean(before?.track) && before.song === now.song && !sameTrack(before.track, now.track);
}

function sameTrack(a, b) {
  return a?.title === b?.title && a?.artist === b?.artist && a?.location === b?.location;
}

/** Return the newest reading without what it says of the song that has ended; the next one is a second away. */
function beyond(reading, ended) {
  if (!reading || reading.song !== ended.song) return reading;
  return { ...reading, song: ended.song + 1, state: "listening", paces: [], track: null, recalled: false, beat: null };
}

function merged(known, added) {
  const same = (a, b) => a.stream === b.stream && a.song === b.song && a.start === b.start && a.end === b.end;
  return [...known, ...added.filter((song) => !known.some((other) => same(other, song)))].slice(-KEPT);
}
