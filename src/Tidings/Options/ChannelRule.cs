using System.Diagnostics.CodeAnalysis;

namespace Tidings;

/// <summary>Who may do something in channels of a kind: <see cref="ChannelAccess"/>, or those users alone whose id or claim is in the channel's name.</summary>
/// <remarks>As text: <c>anyone</c>, <c>users</c>, <c>server</c>; <c>user={id}</c>, where the user's id must be what <c>{id}</c> of the kind's pattern is; <c>claim:team={team}</c>, where a claim
/// of the user's token must be, or contain, what <c>{team}</c> is. What stands on the right may hold several such values and text beside them.</remarks>
public readonly record struct ChannelRule
{
    private const string OfUser = "user=";
    private const string OfClaim = "claim:";

    private ChannelRule(ChannelAccess access, string? compared) => (Access, Compared) = (access, compared);

    /// <summary>Who may at most; <see cref="ChannelAccess.Users"/> where <see cref="Compared"/> asks for more.</summary>
    public ChannelAccess Access { get; }

    /// <summary>What is compared, as <c>user={id}</c> or <c>claim:team={team}</c>; null where <see cref="Access"/> says all.</summary>
    public string? Compared { get; }

    /// <summary>The claim that is compared; null where none is.</summary>
    internal string? Claim => Compared?.StartsWith(OfClaim, StringComparison.Ordinal) == true ? Compared[OfClaim.Length..Compared.IndexOf('=', StringComparison.Ordinal)] : null;

    /// <summary>What it must be, or contain: text, and values of the pattern in braces.</summary>
    internal string Template => Compared![(Compared!.IndexOf('=', StringComparison.Ordinal) + 1)..];

    /// <summary>Those whom an access names.</summary>
    public static implicit operator ChannelRule(ChannelAccess access) => new(access, null);

    /// <summary>The rule of a text; see <see cref="Parse"/>.</summary>
    public static implicit operator ChannelRule(string text) => Parse(text);

    /// <summary>Reads a rule. Whether the values are those of the kind's pattern is found when the options are checked.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static ChannelRule Parse(string text) =>
        TryParse(text, out var rule) ? rule : throw new FormatException($"\"{text}\" is no rule of channels: anyone, users, server, user={{id}} or claim:name={{value}}.");

    /// <summary>Reads a rule.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ChannelRule rule)
    {
        rule = default;
        if (text is null)
        {
            return false;
        }

        if (char.IsAsciiLetter(text.FirstOrDefault()) && Enum.TryParse<ChannelAccess>(text, ignoreCase: true, out var access))
        {
            rule = access;
            return true;
        }

        var cut = text.IndexOf('=', StringComparison.Ordinal);
        var compares = text.StartsWith(OfUser, StringComparison.Ordinal) || (text.StartsWith(OfClaim, StringComparison.Ordinal) && cut > OfClaim.Length);
        if (!compares || cut == text.Length - 1)
        {
            return false;
        }

        rule = new ChannelRule(ChannelAccess.Users, text);
        return true;
    }

    /// <summary>The rule as <see cref="Parse"/> reads it.</summary>
    public override string ToString() => Compared ?? Access.ToString().ToLowerInvariant();
}
