using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Tidings.Security.Tokens;

/// <summary>What a token allows on the channels of a pattern.</summary>
[Flags]
public enum TokenActions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary><c>subscribe</c>.</summary>
    Subscribe = 1,

    /// <summary><c>publish</c>.</summary>
    Publish = 2,

    /// <summary><c>presence</c>.</summary>
    Presence = 4,

    /// <summary><c>history</c>.</summary>
    History = 8,
}

/// <summary>One member of the claim <c>channels</c>.</summary>
/// <param name="Pattern">A channel pattern: 1 to 255 bytes without white space or control characters; otherwise as the token has it.</param>
/// <param name="Actions">What it allows there.</param>
public readonly record struct TokenPermission(string Pattern, TokenActions Actions);

/// <summary>The claim <c>channels</c>, <c>{"chat:*": ["subscribe", "publish"]}</c>, in the token's order. Immutable; at most 64 patterns.</summary>
public sealed class TokenPermissions : IReadOnlyList<TokenPermission>
{
    private const TokenActions All = TokenActions.Subscribe | TokenActions.Publish | TokenActions.Presence | TokenActions.History;

    private readonly TokenPermission[] _permissions;

    /// <summary>Copies the permissions, for a token that is to be made.</summary>
    /// <exception cref="ArgumentException">A pattern that cannot be one, the same pattern twice, an unknown action, or more than 64.</exception>
    public TokenPermissions(IEnumerable<TokenPermission> permissions)
    {
        _permissions = [.. permissions];
        if (_permissions.Length > TokenLimits.Patterns)
        {
            throw new ArgumentException($"A token holds at most {TokenLimits.Patterns} patterns.", nameof(permissions));
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (TokenPermission permission in _permissions)
        {
            if (!IsPattern(permission.Pattern) || !seen.Add(permission.Pattern) || (permission.Actions & ~All) != 0)
            {
                throw new ArgumentException($"The pattern '{permission.Pattern}' is not valid, or there twice, or its actions are unknown.", nameof(permissions));
            }
        }
    }

    private TokenPermissions(TokenPermission[] permissions) => _permissions = permissions;

    /// <inheritdoc/>
    public int Count => _permissions.Length;

    /// <inheritdoc/>
    public TokenPermission this[int index] => _permissions[index];

    /// <summary>The permissions without an enumerator, for the check on every command.</summary>
    public ReadOnlySpan<TokenPermission> AsSpan() => _permissions;

    /// <inheritdoc/>
    public IEnumerator<TokenPermission> GetEnumerator() => ((IEnumerable<TokenPermission>)_permissions).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _permissions.GetEnumerator();

    /// <summary>Reads the claim; an action that we don't know refuses the token, since its maker meant something by it.</summary>
    internal static bool TryRead(JsonElement claim, [NotNullWhen(true)] out TokenPermissions? permissions)
    {
        permissions = null;
        if (claim.ValueKind != JsonValueKind.Object || claim.GetPropertyCount() > TokenLimits.Patterns)
        {
            return false;
        }

        var read = new TokenPermission[claim.GetPropertyCount()];
        int count = 0;
        foreach (JsonProperty member in claim.EnumerateObject())
        {
            string pattern = member.Name;
            if (!IsPattern(pattern) || !TryReadActions(member.Value, out TokenActions actions))
            {
                return false;
            }

            read[count++] = new TokenPermission(pattern, actions);
        }

        permissions = new TokenPermissions(read);
        return true;
    }

    /// <summary>Reads a pattern and what is allowed there, as <c>chat:*=subscribe,publish</c>; cut at the last <c>=</c>.</summary>
    internal static bool TryParse(string text, out TokenPermission permission)
    {
        permission = default;
        int cut = text.LastIndexOf('=');
        if (cut < 0 || !IsPattern(text[..cut]))
        {
            return false;
        }

        var actions = TokenActions.None;
        foreach (string name in text[(cut + 1)..].Split(',', StringSplitOptions.TrimEntries))
        {
            TokenActions action = name switch
            {
                "subscribe" => TokenActions.Subscribe,
                "publish" => TokenActions.Publish,
                "presence" => TokenActions.Presence,
                "history" => TokenActions.History,
                _ => TokenActions.None,
            };
            if (action == TokenActions.None)
            {
                return false;
            }

            actions |= action;
        }

        permission = new TokenPermission(text[..cut], actions);
        return true;
    }

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (TokenPermission permission in _permissions)
        {
            json.WriteStartArray(permission.Pattern);
            WriteAction(json, permission.Actions, TokenActions.Subscribe, "subscribe"u8);
            WriteAction(json, permission.Actions, TokenActions.Publish, "publish"u8);
            WriteAction(json, permission.Actions, TokenActions.Presence, "presence"u8);
            WriteAction(json, permission.Actions, TokenActions.History, "history"u8);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteAction(Utf8JsonWriter json, TokenActions actions, TokenActions action, ReadOnlySpan<byte> name)
    {
        if ((actions & action) != 0)
        {
            json.WriteStringValue(name);
        }
    }

    private static bool TryReadActions(JsonElement list, out TokenActions actions)
    {
        actions = TokenActions.None;
        if (list.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String || ReadAction(item) is not (not TokenActions.None and var action))
            {
                return false;
            }

            actions |= action;
        }

        return true;
    }

    private static TokenActions ReadAction(JsonElement item) =>
        item.ValueEquals("subscribe"u8) ? TokenActions.Subscribe
        : item.ValueEquals("publish"u8) ? TokenActions.Publish
        : item.ValueEquals("presence"u8) ? TokenActions.Presence
        : item.ValueEquals("history"u8) ? TokenActions.History
        : TokenActions.None;

    private static bool IsPattern(string pattern)
    {
        if (pattern.Length == 0 || Encoding.UTF8.GetByteCount(pattern) > TokenLimits.PatternBytes)
        {
            return false;
        }

        foreach (char c in pattern)
        {
            if (TokenText.BreaksLine(c) || char.IsWhiteSpace(c))
            {
                return false;
            }
        }

        return true;
    }
}
