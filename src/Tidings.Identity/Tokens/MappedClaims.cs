using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Tidings.Security.Tokens;

/// <summary>Reads the claims whose meaning is Tidings' own, or whose names the options choose.</summary>
internal static class MappedClaims
{
    /// <summary>The user's id, with the prefix of its issuer.</summary>
    internal static bool TryReadUser(JsonElement claims, ClaimMapping mapping, [NotNullWhen(true)] out string? user)
    {
        user = null;
        if (!mapping.User.TryFind(claims, out JsonElement claim) || !TokenText.TryGetName(claim, out string? named))
        {
            return false;
        }

        // Anybody can register with somebody else's address where nobody has asked for a confirmation.
        if (mapping.User.Name == "email" && (!claims.TryGetProperty("email_verified"u8, out JsonElement verified) || verified.ValueKind != JsonValueKind.True))
        {
            return false;
        }

        user = mapping.UserPrefix + named;
        foreach (string other in mapping.OtherPrefixes)
        {
            if (user.StartsWith(other, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return TokenText.IsName(user);
    }

    /// <summary>What the token grants: by its own claim, and by its roles. Null where neither speaks of channels.</summary>
    internal static bool TryReadPermissions(JsonElement claims, ClaimMapping mapping, out TokenPermissions? permissions)
    {
        permissions = null;
        if (mapping.Channels.TryFind(claims, out JsonElement claim) && !TokenPermissions.TryRead(claim, out permissions))
        {
            return false;
        }

        return mapping.Roles is null || TryAddRoles(claims, mapping, ref permissions);
    }

    /// <summary>The one channel of a token that grants a subscription.</summary>
    internal static bool TryReadChannel(JsonElement claims, out string? channel)
    {
        channel = null;
        if (!claims.TryGetProperty("channel"u8, out JsonElement claim))
        {
            return true;
        }

        channel = claim.ValueKind == JsonValueKind.String ? claim.GetString() : null;
        return channel is { Length: > 0 } && Encoding.UTF8.GetByteCount(channel) <= TokenLimits.PatternBytes;
    }

    /// <summary><c>info</c> on one line; empty where there is none.</summary>
    internal static bool TryReadInfo(JsonElement claims, out byte[] info)
    {
        info = [];
        if (!claims.TryGetProperty("info"u8, out JsonElement claim))
        {
            return true;
        }

        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            claim.WriteTo(writer);
        }

        info = buffer.ToArray();
        return info.Length <= TokenLimits.InfoBytes;
    }

    /// <summary>The claims that rules ask for, as texts. What is no text, number or truth value, or too long to stand in a channel's name, is left out.</summary>
    internal static Dictionary<string, IReadOnlyList<string>>? Keep(JsonElement claims, IReadOnlyList<ClaimPath> asked)
    {
        Dictionary<string, IReadOnlyList<string>>? kept = null;
        foreach (ClaimPath path in asked)
        {
            if (path.TryFind(claims, out JsonElement claim) && Texts(claim) is { Count: > 0 } texts)
            {
                (kept ??= new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal))[path.Name] = texts;
            }
        }

        return kept;
    }

    // Somebody with no role of the table is granted nothing: the table speaks of everybody.
    private static bool TryAddRoles(JsonElement claims, ClaimMapping mapping, ref TokenPermissions? permissions)
    {
        var all = new Dictionary<string, TokenActions>(StringComparer.Ordinal);
        foreach (TokenPermission own in permissions ?? Enumerable.Empty<TokenPermission>())
        {
            all[own.Pattern] = own.Actions;
        }

        IReadOnlyList<string> roles = mapping.Roles!.TryFind(claims, out JsonElement claim) ? Texts(claim, words: true) : [];
        foreach (string role in roles)
        {
            foreach (TokenPermission granted in mapping.RoleChannels.GetValueOrDefault(role) ?? [])
            {
                all[granted.Pattern] = all.GetValueOrDefault(granted.Pattern) | granted.Actions;
            }
        }

        if (all.Count > TokenLimits.Patterns)
        {
            return false;
        }

        permissions = new TokenPermissions(all.Select(static one => new TokenPermission(one.Key, one.Value)));
        return true;
    }

    private static List<string> Texts(JsonElement claim, bool words = false)
    {
        var texts = new List<string>();
        switch (claim.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (JsonElement item in claim.EnumerateArray())
                {
                    Add(texts, item);
                }

                break;
            case JsonValueKind.String when words:
                texts.AddRange(claim.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(TokenLimits.ClaimValues));
                break;
            default:
                Add(texts, claim);
                break;
        }

        return texts;
    }

    private static void Add(List<string> texts, JsonElement item)
    {
        string? text = item.ValueKind switch
        {
            JsonValueKind.String => item.GetString(),
            JsonValueKind.Number => item.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => null,
        };
        if (text is { Length: > 0 and <= TokenLimits.PatternBytes } && texts.Count < TokenLimits.ClaimValues)
        {
            texts.Add(text);
        }
    }
}
