using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Tidings.Protocol;

namespace Tidings.Fuzz.Targets;

/// <summary>First byte of the input: 1 the rest is UTF-16, else UTF-8. What is allowed is checked by the words of the documentation.</summary>
internal sealed class ChannelNameTarget : FuzzTarget
{
    private const string Signs = "_.:-@#$&+,/;=~!";

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public override string Name => "channel-name";

    public override int LongestInput => 600;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        [.. new[] { "e\u0301", "é", "你", "न", "ि", "\u1112\u1161", "😀", "\uFE0F", "*", "\0", "room:", "\u0338" }.Select(Encoding.UTF8.GetBytes), [0x00, 0xD8], [0x00, 0xDC], [0x01, 0x03]];

    public override Outcome Run(ReadOnlySpan<byte> input)
    {
        var wide = !input.IsEmpty && (input[0] & 1) != 0;
        var bytes = input.IsEmpty ? input : input[1..];
        var name = wide ? MemoryMarshal.Cast<byte, char>(bytes).ToString() : Encoding.UTF8.GetString(bytes);
        var valid = ChannelName.IsValid(name);
        if (valid)
        {
            Require(Strict.GetByteCount(name) is >= 1 and <= ChannelName.MaxBytes, "a name has 1 to 255 bytes");
            Require(name.IsNormalized(NormalizationForm.FormC), "a name is in form C");
            foreach (var rune in name.EnumerateRunes())
            {
                Require(IsDocumented(rune), "a name has letters, marks, digits and the signs of the documentation");
            }
        }
        else if (Ascii.IsValid(name) && name.Length is >= 1 and <= ChannelName.MaxBytes)
        {
            Require(name.EnumerateRunes().Any(rune => !IsDocumented(rune)), "a name of documented characters is allowed");
        }

        Require(ChannelName.IsValidRoom(name) == (ChannelName.IsValid(ChannelName.RoomPrefix + name) && !name.Any(static c => Signs.IndexOf(c, StringComparison.Ordinal) > 4)) || name.Length == 0, "a room's name is good if its channel's is");
        var path = new Fnv();
        foreach (var c in name.AsSpan(0, Math.Min(name.Length, 8)))
        {
            path.Add((byte)CharUnicodeInfo.GetUnicodeCategory(c));
        }

        path.Add((byte)(valid ? 1 : 0));
        return new Outcome(valid ? "accepted" : "refused", path.Value);
    }

    private static bool IsDocumented(Rune rune) => rune.IsAscii
        ? char.IsAsciiLetterOrDigit((char)rune.Value) || Signs.Contains((char)rune.Value)
        : Rune.GetUnicodeCategory(rune) is <= UnicodeCategory.SpacingCombiningMark or UnicodeCategory.DecimalDigitNumber;
}
