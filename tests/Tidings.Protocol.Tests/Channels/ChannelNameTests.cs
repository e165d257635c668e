using System.Globalization;
using System.Text;

namespace Tidings.Protocol.Tests.Channels;

public class ChannelNameTests
{
    private const string Signs = "_.:-@#$&+,/;=~!";

    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("room:lobby")]
    [InlineData("user:alice@example.com")]
    [InlineData("A_b.c:d-e@f9")]
    [InlineData("_")]
    [InlineData(":")]
    [InlineData("..")]
    [InlineData("聊天室")]
    [InlineData("привет")]
    [InlineData("مرحبا")]
    [InlineData("שלום")]
    [InlineData("नमस्ते")]
    [InlineData("हिन्दी")]
    [InlineData("สวัสดี")]
    [InlineData("ห้องน้ำ")]
    [InlineData("தமிழ்")]
    [InlineData("한국어")]
    [InlineData("日本語のひらがなカタカナ")]
    [InlineData("ñandú")]
    [InlineData("Ångström")]
    [InlineData("٣٤٥")]
    [InlineData("\U00020000\U0002A6D6")]
    public void Letters_marks_and_digits_of_any_language_are_allowed(string name)
    {
        Assert.True(ChannelName.IsValid(name));
        Assert.True(ChannelName.IsValidRoom(name));
    }

    [Fact]
    public void Signs_that_an_address_would_encode_are_for_channels_alone()
    {
        foreach (var sign in Signs)
        {
            Assert.True(ChannelName.IsValid($"a{sign}b"));
            Assert.Equal("_.:-@".Contains(sign), ChannelName.IsValidRoom($"a{sign}b"));
            Assert.Equal("_.-@".Contains(sign), TaskId.IsValid($"a{sign}b"));
            Assert.Null(ChannelPattern.Fault($"a{sign}b*"));
            Assert.True(new ChannelPattern($"a{sign}{{id}}").Matches($"a{sign}7"));
            Assert.False(new ChannelPattern($"a{sign}{{id}}").Matches("ax7"));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a b")]
    [InlineData("a*")]
    [InlineData("a?")]
    [InlineData("[a")]
    [InlineData("a]")]
    [InlineData("a\0")]
    [InlineData("a\r")]
    [InlineData("a\n")]
    [InlineData("a\t")]
    [InlineData("a\\b")]
    [InlineData("{a}")]
    [InlineData("a%20b")]
    [InlineData("<a>")]
    [InlineData("a\"b")]
    [InlineData("a'b")]
    [InlineData("a|b")]
    [InlineData("a\u007F")]
    [InlineData("a\u0085")]
    [InlineData("a\u00A0b")]
    [InlineData("a\u2028b")]
    [InlineData("a\u3000b")]
    [InlineData("😀")]
    [InlineData("a👍")]
    [InlineData("❤")]
    [InlineData("👩‍👩‍👧")]
    [InlineData("🇫🇷")]
    [InlineData("1️⃣")]
    [InlineData("²")]
    [InlineData("½")]
    [InlineData("Ⅷ")]
    [InlineData("a\u200Bb")]
    [InlineData("a\u202Eb")]
    [InlineData("a\u2066b")]
    [InlineData("\uFEFFa")]
    [InlineData("a\u00ADb")]
    [InlineData("a\uE000")]
    [InlineData("a\uFFFF")]
    [InlineData("a\uFFFD")]
    public void Spaces_symbols_emoji_and_controls_are_refused(string name) => Refused(name);

    // Lone surrogates are written as numbers: they don't survive the way of a test's arguments.
    [Theory]
    [InlineData(0xD800)]
    [InlineData(0xDBFF)]
    [InlineData(0xDC00)]
    [InlineData(0xDFFF)]
    public void Half_a_pair_is_refused(int half)
    {
        foreach (var name in new[] { $"{(char)half}", $"a{(char)half}", $"{(char)half}a", $"{(char)half}é", "\uD840" + (char)half + "\uDC00" })
        {
            if (!(half >= 0xDC00 && name.Length == 3))
            {
                Refused(name);
            }
        }

        Refused("\uDC00\uD840");
    }

    [Theory]
    [InlineData("e\u0301")]
    [InlineData("A\u030Angstro\u0308m")]
    [InlineData("\u212B")]
    [InlineData("\u1112\u1161\u11AB")]
    [InlineData("\u0928\u093C")]
    [InlineData("\u0344")]
    [InlineData("a\u0301\u0316")]
    [InlineData("\uF900")]
    public void A_spelling_that_is_not_in_form_C_is_refused(string name)
    {
        Refused(name);
        Assert.NotEqual(name, name.Normalize());
    }

    [Theory]
    [InlineData("a\uFE0F")]
    [InlineData("\u2139\uFE0F")]
    [InlineData("葛\U000E0100")]
    [InlineData("a\u034F")]
    [InlineData("\u115F")]
    [InlineData("\u1160")]
    [InlineData("\u3164")]
    [InlineData("a\uFFA0")]
    [InlineData("a\u180B")]
    [InlineData("a\u17B4")]
    public void Letters_and_marks_that_cannot_be_seen_are_refused(string name) => Refused(name);

    [Theory]
    [InlineData("a", 255)]
    [InlineData("é", 127)]
    [InlineData("你", 85)]
    [InlineData("\U00020000", 63)]
    public void A_name_has_at_most_255_bytes_of_UTF8(string letter, int most)
    {
        Assert.True(ChannelName.IsValid(Repeat(letter, most)));
        Assert.False(ChannelName.IsValid(Repeat(letter, most + 1)));
        Assert.False(ChannelName.IsValid(Repeat(letter, 1 << 20)));

        var inRoom = (ChannelName.MaxBytes - ChannelName.RoomPrefix.Length) / Encoding.UTF8.GetByteCount(letter);
        Assert.True(ChannelName.IsValidRoom(Repeat(letter, inRoom)));
        Assert.False(ChannelName.IsValidRoom(Repeat(letter, inRoom + 1)));
    }

    [Fact]
    public void Every_code_point_alone_is_judged_by_its_category()
    {
        for (var value = 0; value <= 0x10FFFF; value++)
        {
            if (!Rune.TryCreate(value, out var rune))
            {
                continue;
            }

            var name = rune.ToString();
            if (ChannelName.IsValid(name))
            {
                var category = Rune.GetUnicodeCategory(rune);
                var good = category is <= UnicodeCategory.SpacingCombiningMark or UnicodeCategory.DecimalDigitNumber || Signs.Contains(name, StringComparison.Ordinal);
                Assert.True(good && name.IsNormalized(), $"U+{value:X} {category}");
            }
            else if (rune.IsAscii)
            {
                Assert.False(char.IsAsciiLetterOrDigit((char)value) || Signs.Contains(name, StringComparison.Ordinal), $"U+{value:X}");
            }
        }
    }

    [Fact]
    public void A_random_name_that_is_allowed_is_its_own_normal_form_and_survives_UTF8_and_prefix()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        string[] parts = ["a", "Z", "9", "_", ":", "é", "e", "\u0301", "\u0308", "你", "न", "ि", "\u093C", "ท", "ี", "\u1112", "\u1161", "\u11AB", "가", "😀", "*", "\uD800", "\uDC00", "\0", "\u0338", "="];
        var allowed = 0;
        for (var round = 0; round < 50_000; round++)
        {
            var name = string.Concat(random.GetItems(parts, 1 + random.Next(round % 100 == 0 ? 300 : 6)));
            if (!ChannelName.IsValid(name))
            {
                continue;
            }

            allowed++;
            var where = $"seed {seed}, round {round}: {string.Join(' ', name.Select(c => $"{(int)c:X4}"))}";
            var utf8 = Encoding.UTF8.GetBytes(name);
            Assert.True(utf8.Length is >= 1 and <= 255, where);
            Assert.True(name == Encoding.UTF8.GetString(utf8) && name == name.Normalize(), where);
            Assert.True(name.IndexOfAny(['*', '?', '[', ']', '\0', '\r', '\n', ' ', '{', '}']) < 0, where);

            var channel = ChannelName.RoomPrefix + name;
            Assert.True(ChannelName.IsValidRoom(name) == (ChannelName.IsValid(channel) && !name.Contains('=', StringComparison.Ordinal)), where);
        }

        Assert.InRange(allowed, 1000, 49_000);
    }

    private static string Repeat(string letter, int count) => string.Concat(Enumerable.Repeat(letter, count));

    private static void Refused(string name)
    {
        Assert.False(ChannelName.IsValid(name));
        Assert.False(ChannelName.IsValidRoom(name));
    }
}
