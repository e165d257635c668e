using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tidings.Protocol.Positions;

/// <summary>What a message to a reader is, as far as its position and the form of an answer depend on it.</summary>
internal enum EventKind : byte
{
    /// <summary>Something that changes no position.</summary>
    Other,
    Connected,
    Message,
    Gap,
    Removed,
    Unsubscribed,
}

/// <summary>How far one reader has come in all its channels, told from the very messages that go out to it. Not thread-safe.</summary>
internal sealed class ReaderPosition
{
    // The brackets, quotes and commas of one entry, and the digits of the largest offset.
    private const int LargestOverhead = 8 + 16;

    private readonly List<Place> _places = [];
    private byte[] _text = new byte[128];
    private int _length;

    /// <param name="start">Where the reader says that it stands, until <c>connected</c> says where it begins.</param>
    public ReaderPosition(IReadOnlyList<ChannelPosition>? start)
    {
        foreach (var (channel, position) in start ?? [])
        {
            _places.Add(new Place(channel, position.Epoch, position.Offset));
        }
    }

    /// <summary>Whether anything is known of it; until then there is none to tell.</summary>
    public bool IsKnown => _places.Count > 0;

    /// <summary>The position as URLs have it, in ASCII; good until the next <see cref="Note"/>.</summary>
    public ReadOnlySpan<byte> Text
    {
        get
        {
            if (_length == 0)
            {
                Encode();
            }

            return _text.AsSpan(0, _length);
        }
    }

    /// <summary>The most bytes that a channel takes in a position's JSON.</summary>
    public static int LargestEntry(string channel) => Quote(channel).Length + StreamPosition.LongestEpoch + LargestOverhead;

    /// <summary>What a message is.</summary>
    public static EventKind KindOf(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        return ReadKind(ref reader);
    }

    /// <summary>Takes note of a message that goes out to the reader.</summary>
    public EventKind Note(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var kind = ReadKind(ref reader);
        if (kind == EventKind.Connected)
        {
            ReadSubscriptions(ref reader);
        }
        else if (kind is EventKind.Message or EventKind.Gap or EventKind.Removed)
        {
            ReadPosition(ref reader, onlyForward: kind == EventKind.Removed);
        }

        return kind;
    }

    // The type is the first of all fields.
    private static EventKind ReadKind(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Read();
        reader.Read();
        return reader.ValueTextEquals("message"u8) ? EventKind.Message
            : reader.ValueTextEquals("gap"u8) ? EventKind.Gap
            : reader.ValueTextEquals("removed"u8) ? EventKind.Removed
            : reader.ValueTextEquals("connected"u8) ? EventKind.Connected
            : reader.ValueTextEquals("unsubscribed"u8) ? EventKind.Unsubscribed
            : EventKind.Other;
    }

    private static byte[] Quote(string text) =>
        [(byte)'"', .. JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, (byte)'"'];

    // Channel, epoch and offset stand before the data; what is said in passing has no offset.
    private void ReadPosition(ref Utf8JsonReader reader, bool onlyForward)
    {
        Place? place = null;
        string? epoch = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("channel"u8))
            {
                reader.Read();
                place = Find(ref reader);
            }
            else if (reader.ValueTextEquals("epoch"u8))
            {
                reader.Read();
                epoch = reader.GetString();
            }
            else if (reader.ValueTextEquals("offset"u8) && place is not null)
            {
                reader.Read();
                place.Move(epoch, onlyForward ? Math.Max(place.Offset, reader.GetInt64()) : reader.GetInt64());
                _length = 0;
                return;
            }
            else
            {
                return;
            }
        }
    }

    private void ReadSubscriptions(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isList = reader.ValueTextEquals("subscriptions"u8);
            reader.Read();
            if (!isList)
            {
                continue;
            }

            _places.Clear();
            _length = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                _places.Add(ReadSubscription(ref reader));
            }
        }
    }

    private static Place ReadSubscription(ref Utf8JsonReader reader)
    {
        var (channel, epoch, offset) = ("", "", 0L);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isChannel, isEpoch, isOffset) = (reader.ValueTextEquals("channel"u8), reader.ValueTextEquals("epoch"u8), reader.ValueTextEquals("offset"u8));
            reader.Read();
            if (isChannel)
            {
                channel = reader.GetString()!;
            }
            else if (isEpoch)
            {
                epoch = reader.GetString()!;
            }
            else if (isOffset)
            {
                offset = reader.GetInt64();
            }
            else
            {
                reader.Skip();
            }
        }

        return new Place(channel, epoch, offset);
    }

    private Place? Find(ref Utf8JsonReader reader)
    {
        foreach (var place in _places)
        {
            if (reader.ValueTextEquals(place.Channel))
            {
                return place;
            }
        }

        return null;
    }

    private void Encode()
    {
        // What a reader has said may be longer when it is written again: escapes are not all the same.
        var most = 2;
        foreach (var place in _places)
        {
            most += place.MostBytes;
        }

        var json = most <= ChannelPositions.LongestJson ? stackalloc byte[ChannelPositions.LongestJson] : new byte[most];
        json[0] = (byte)'[';
        var length = 1;
        foreach (var place in _places)
        {
            if (length > 1)
            {
                json[length++] = (byte)',';
            }

            length += place.Write(json[length..]);
        }

        json[length++] = (byte)']';
        if (_text.Length < Base64Url.GetEncodedLength(length))
        {
            _text = new byte[2 * Base64Url.GetEncodedLength(length)];
        }

        _length = Base64Url.EncodeToUtf8(json[..length], _text);
    }

    /// <summary>One channel.</summary>
    private sealed class Place(string channel, string epoch, long offset)
    {
        private byte[] _head = Head(channel, epoch);
        private long _offset = offset;

        public long Offset => _offset;

        public byte[] Channel { get; } = Encoding.UTF8.GetBytes(channel);

        /// <summary>The most bytes that <see cref="Write"/> writes, and a comma.</summary>
        public int MostBytes => _head.Length + LargestOverhead;

        public void Move(string? newEpoch, long to)
        {
            _offset = to;
            if (newEpoch is not null)
            {
                _head = Head(channel, newEpoch);
            }
        }

        public int Write(Span<byte> json)
        {
            _head.CopyTo(json);
            _offset.TryFormat(json[_head.Length..], out var digits, default, CultureInfo.InvariantCulture);
            json[_head.Length + digits] = (byte)']';
            return _head.Length + digits + 1;
        }

        private static byte[] Head(string channel, string epoch) => [(byte)'[', .. Quote(channel), (byte)',', .. Quote(epoch), (byte)','];
    }
}
