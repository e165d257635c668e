namespace Tidings.Taps;

/// <summary>Which names of values are those of secrets.</summary>
internal static class SecretNames
{
    private static readonly string[] Within = ["token", "ticket", "password", "passwd", "passphrase", "secret", "signature", "authorization", "credential", "cookie", "jwt"];
    private static readonly string[] AtEnd = ["key", "keys", "auth", "pwd"];

    /// <summary>Whether a name has one of the words in it, as <c>accessToken</c>, <c>X-Api-Key</c> and <c>token</c> have; capitals and what stands between words mean nothing.</summary>
    public static bool Has(string name)
    {
        var plain = string.Concat(name.Where(char.IsLetter)).ToLowerInvariant();
        return Array.Exists(Within, word => plain.Contains(word, StringComparison.Ordinal)) || Array.Exists(AtEnd, word => plain.EndsWith(word, StringComparison.Ordinal));
    }
}
