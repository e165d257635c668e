using System.Text;
using Tidings.Protocol.Frames;

namespace Tidings.Protocol.Tests.Frames;

/// <summary>Valid messages, fragmented and interleaved with control frames at random, and what a reader must make of them.</summary>
internal sealed class RandomStream
{
    private static readonly string[] Letters = ["a", "b", " ", "é", "ß", "你", "好", "€", "😀", "𠀀", "\0", "\uFFFE"];

    private readonly Random _random;
    private readonly bool _masked;
    private readonly List<byte[]> _frames = [];
    private readonly List<string> _expected = [];

    public RandomStream(Random random, bool fromClient)
    {
        _random = random;
        _masked = fromClient;
        for (var messages = random.Next(1, 7); messages > 0; messages--)
        {
            if (random.Next(2) == 0)
            {
                Message(Opcode.Text, Encoding.UTF8.GetBytes(string.Concat(random.GetItems(Letters, Length()))));
            }
            else
            {
                Message(Opcode.Binary, Noise(Length()));
            }
        }
    }

    public byte[] Wire => ClientFrame.Join([.. _frames]);

    public string Expected => string.Join(" | ", _expected);

    /// <summary>Cuts at random, into segments of 0 to many bytes.</summary>
    public static IReadOnlyList<byte[]> Cut(byte[] wire, Random random)
    {
        var segments = new List<byte[]>();
        var most = random.Next(4) switch { 0 => 2, 1 => 10, 2 => 200, _ => 5000 };
        for (var at = 0; at < wire.Length;)
        {
            var length = Math.Min(random.Next(most), wire.Length - at);
            segments.Add(wire[at..(at + length)]);
            at += length;
        }

        return segments;
    }

    private void Message(Opcode opcode, byte[] payload)
    {
        var kind = opcode;
        var at = 0;
        for (var fragments = _random.Next(1, 6); fragments > 0; fragments--)
        {
            Control();
            var length = fragments == 1 ? payload.Length - at : _random.Next(payload.Length - at + 1);
            Add(opcode, payload[at..(at + length)], final: fragments == 1);
            at += length;
            opcode = Opcode.Continuation;
        }

        var shown = kind == Opcode.Binary && payload.Length <= 64 ? Convert.ToHexString(payload) : Reading.Show(payload);
        _expected.Add(kind == Opcode.Text ? $"text {shown}" : $"binary {shown}");
    }

    private void Control()
    {
        if (_random.Next(4) != 0)
        {
            return;
        }

        var ping = _random.Next(2) == 0;
        var payload = Noise(_random.Next(_random.Next(4) == 0 ? 126 : 6));
        Add(ping ? Opcode.Ping : Opcode.Pong, payload, final: true);
        _expected.Add($"{(ping ? "ping" : "pong")} {Reading.Show(payload)}".TrimEnd());
    }

    private void Add(Opcode opcode, byte[] payload, bool final) =>
        _frames.Add(ClientFrame.Of(opcode, payload, final, key: Noise(4), masked: _masked));

    private byte[] Noise(int length)
    {
        var bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    private int Length() => _random.Next(12) switch
    {
        0 => 0,
        1 => _random.Next(120, 132),
        2 => _random.Next(1000),
        3 when _random.Next(20) == 0 => _random.Next(65530, 65545),
        _ => _random.Next(40),
    };
}
