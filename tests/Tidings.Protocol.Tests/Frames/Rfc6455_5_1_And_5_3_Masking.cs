using System.Buffers.Binary;
using Tidings.Protocol.Frames;
using static Tidings.Protocol.Tests.Frames.ClientFrame;

namespace Tidings.Protocol.Tests.Frames;

public class Rfc6455_5_1_And_5_3_Masking
{
    private static readonly Reading Client = new();
    private static readonly Reading Server = new(FromClient: false);

    [Fact]
    public void An_unmasked_frame_from_a_client_is_refused_by_its_second_byte()
    {
        foreach (var opcode in new[] { Opcode.Text, Opcode.Binary, Opcode.Close, Opcode.Ping, Opcode.Pong })
        {
            foreach (var payload in new[] { [], [3, 0xE8], new byte[126] })
            {
                var wire = Of(opcode, payload, masked: false);
                Assert.Equal("error Masking 1002", Client.Messages(wire));
                Assert.Equal(1, Client.ByteOfError(wire));
            }
        }

        Assert.Equal("error Masking 1002", Client.Messages(Text("a", final: false), Of(Opcode.Continuation, [1], masked: false)));
    }

    [Fact]
    public void A_masked_frame_from_a_server_is_refused_by_its_second_byte()
    {
        Assert.Equal("error Masking 1002", Server.Messages(Text("a")));
        Assert.Equal(1, Server.ByteOfError(Ping()));
    }

    [Fact]
    public void The_key_of_each_frame_is_its_own_even_zero()
    {
        Assert.Equal(
            "text ab | text cd | ping e | text fgh",
            Client.Messages(
                Of(Opcode.Text, "ab"u8.ToArray(), key: [0, 0, 0, 0]),
                Of(Opcode.Text, "cd"u8.ToArray(), key: [1, 2, 3, 4]),
                Of(Opcode.Ping, "e"u8.ToArray(), key: [255, 254, 253, 252]),
                Of(Opcode.Text, "fg"u8.ToArray(), final: false, key: [9, 8, 7, 6]),
                Of(Opcode.Continuation, "h"u8.ToArray(), key: [5, 6, 7, 8])));
    }

    [Fact]
    public void Masking_is_a_byte_by_byte_xor_for_every_length_and_phase()
    {
        for (var length = 0; length <= 300; length++)
        {
            var data = Enumerable.Range(0, length).Select(i => (byte)((i * 31) + length)).ToArray();
            for (var phase = 0; phase < 4; phase++)
            {
                byte[] key = [.. Key[phase..], .. Key[..phase]];

                // At each place in memory that an unaligned read can meet, and with neighbours that must stay as they are.
                var place = new byte[length + 8];
                Array.Fill(place, (byte)0xEE);
                data.CopyTo(place, phase + 1);
                var next = Masking.Apply(place.AsSpan(phase + 1, length), BinaryPrimitives.ReadUInt32LittleEndian(key));

                Assert.Equal(Mask(data, key), place[(phase + 1)..(phase + 1 + length)]);
                Assert.All(place[..(phase + 1)], b => Assert.Equal(0xEE, b));
                Assert.All(place[(phase + 1 + length)..], b => Assert.Equal(0xEE, b));
                Assert.Equal(BinaryPrimitives.ReadUInt32LittleEndian([key[length % 4], key[(length + 1) % 4], key[(length + 2) % 4], key[(length + 3) % 4]]), next);
            }
        }
    }

    [Fact]
    public void Masking_goes_on_where_it_was_cut()
    {
        var data = Enumerable.Range(0, 100).Select(i => (byte)i).ToArray();
        var expected = Mask(data, Key);
        for (var first = 0; first <= data.Length; first++)
        {
            for (var second = first; second <= data.Length; second++)
            {
                var copy = data[..];
                var key = Masking.Apply(copy.AsSpan(..first), BinaryPrimitives.ReadUInt32LittleEndian(Key));
                key = Masking.Apply(copy.AsSpan(first..second), key);
                Masking.Apply(copy.AsSpan(second..), key);
                Assert.True(expected.AsSpan().SequenceEqual(copy), $"cut at {first} and {second}");
            }
        }
    }
}
