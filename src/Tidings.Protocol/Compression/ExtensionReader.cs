namespace Tidings.Protocol.Compression;

/// <summary>What <see cref="ExtensionReader.Read"/> came to.</summary>
internal enum ExtensionItem
{
    /// <summary>The line is at its end.</summary>
    End,

    /// <summary>An extension's name; its parameters follow.</summary>
    Extension,

    /// <summary>A parameter of the extension read last.</summary>
    Parameter,

    /// <summary>The line does not follow the grammar, or goes over a limit. Reading on gives the same.</summary>
    Malformed,
}

/// <summary>How a parameter's value was written.</summary>
internal enum ExtensionValueKind
{
    /// <summary>Without a value.</summary>
    None,

    /// <summary>As a token.</summary>
    Token,

    /// <summary>As a quoted string, which holds a token (checked) but is not unescaped.</summary>
    Quoted,
}

/// <summary>Reads one line of <c>Sec-WebSocket-Extensions</c> (RFC 6455 §9.1), each character once, without allocating.</summary>
/// <remarks>
/// That section takes the list rule and the implied white space from RFC 2616 (§2.1), so empty list elements and white space
/// around <c>;</c> and <c>=</c> are grammatical.
/// </remarks>
internal ref struct ExtensionReader(ReadOnlySpan<char> line)
{
    /// <summary>Parameters of one extension. permessage-deflate knows four.</summary>
    public const int MaxParameters = 16;

    private ReadOnlySpan<char> _rest = line;
    private int _parameters;
    private State _state;

    private enum State : byte
    {
        ElementStart,
        AfterItem,
        Failed,
    }

    /// <summary>The name of the extension or parameter read last.</summary>
    public ReadOnlySpan<char> Name { get; private set; }

    /// <summary>The parameter's value as it was written, for a quoted string without the quotes.</summary>
    public ReadOnlySpan<char> Value { get; private set; }

    /// <summary>How the parameter's value was written.</summary>
    public ExtensionValueKind ValueKind { get; private set; }

    /// <summary>Reads the next extension or parameter.</summary>
    public ExtensionItem Read()
    {
        while (_state == State.ElementStart)
        {
            SkipWhiteSpace();
            if (_rest.IsEmpty)
            {
                return ExtensionItem.End;
            }

            if (TakeChar(','))
            {
                continue;
            }

            _parameters = 0;
            _state = State.AfterItem;
            return TryTakeToken(out var name) ? Item(ExtensionItem.Extension, name) : Fail();
        }

        return _state == State.Failed ? ExtensionItem.Malformed : ReadAfterItem();
    }

    private ExtensionItem ReadAfterItem()
    {
        SkipWhiteSpace();
        if (_rest.IsEmpty)
        {
            return ExtensionItem.End;
        }

        if (TakeChar(','))
        {
            _state = State.ElementStart;
            return Read();
        }

        if (!TakeChar(';') || ++_parameters > MaxParameters)
        {
            return Fail();
        }

        SkipWhiteSpace();
        if (!TryTakeToken(out var name))
        {
            return Fail();
        }

        Item(ExtensionItem.Parameter, name);
        SkipWhiteSpace();
        return !TakeChar('=') || TryTakeValue() ? ExtensionItem.Parameter : Fail();
    }

    private bool TryTakeValue()
    {
        SkipWhiteSpace();
        bool quoted = TakeChar('"');
        ValueKind = quoted ? ExtensionValueKind.Quoted : ExtensionValueKind.Token;
        bool taken = quoted ? TryTakeQuoted(out var value) : TryTakeToken(out value);
        Value = value;
        return taken;
    }

    private bool TryTakeToken(out ReadOnlySpan<char> token)
    {
        int length = _rest.IndexOfAnyExcept(HttpToken.Characters);
        length = length < 0 ? _rest.Length : length;
        token = _rest[..length];
        _rest = _rest[length..];
        return length > 0;
    }

    // §9.1: "the value after quoted-string unescaping MUST conform to the 'token' ABNF".
    private bool TryTakeQuoted(out ReadOnlySpan<char> value)
    {
        value = default;
        for (int i = 0; i < _rest.Length; i++)
        {
            if (_rest[i] == '"')
            {
                value = _rest[..i];
                _rest = _rest[(i + 1)..];
                return i > 0;
            }

            if (_rest[i] == '\\')
            {
                i++;
            }

            if (i == _rest.Length || !HttpToken.Characters.Contains(_rest[i]))
            {
                return false;
            }
        }

        return false;
    }

    private void SkipWhiteSpace() => _rest = _rest.TrimStart(" \t");

    private bool TakeChar(char c)
    {
        if (_rest.IsEmpty || _rest[0] != c)
        {
            return false;
        }

        _rest = _rest[1..];
        return true;
    }

    private ExtensionItem Item(ExtensionItem item, ReadOnlySpan<char> name)
    {
        Name = name;
        Value = default;
        ValueKind = ExtensionValueKind.None;
        return item;
    }

    private ExtensionItem Fail()
    {
        _state = State.Failed;
        return ExtensionItem.Malformed;
    }
}
