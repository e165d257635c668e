namespace Tidings.Protocol.Compression;

/// <summary>Walks the extensions that came in all lines of one <c>Sec-WebSocket-Extensions</c> header.</summary>
/// <remarks>RFC 6455 §9.1: several lines mean the same as one line with their values in order, separated by commas.</remarks>
internal ref struct DeflateHeader(ReadOnlySpan<string?> lines)
{
    /// <summary>Extensions in all lines together. Browsers send one.</summary>
    public const int MaxExtensions = 16;

    /// <summary>Characters in all lines together, with the comma that each line but the last stands for. Browsers send about fifty.</summary>
    public const int MaxLength = 4096;

    private readonly ReadOnlySpan<string?> _lines = lines;
    private ExtensionReader _reader;
    private ExtensionItem _item;
    private int _nextLine;
    private int _elements;
    private int _length;

    /// <summary>Whether a line broke the grammar or a limit, or the lines hold no extension at all.</summary>
    public bool Malformed { get; private set; }

    /// <summary>Whether the element read last is <c>permessage-deflate</c>, and not an extension we don't know.</summary>
    public bool IsDeflate { get; private set; }

    /// <summary>The parameters of the element read last, if it is <c>permessage-deflate</c>.</summary>
    public DeflateParameters Parameters { get; private set; }

    /// <summary>Reads the next element with all its parameters; false at the end, or when <see cref="Malformed"/>.</summary>
    public bool Read()
    {
        if (!TryFindElement())
        {
            return false;
        }

        IsDeflate = _reader.Name.SequenceEqual(DeflateParameters.ExtensionName);
        var parameters = default(DeflateParameters);
        while ((_item = _reader.Read()) == ExtensionItem.Parameter)
        {
            parameters.Add(_reader);
        }

        Parameters = parameters;
        Malformed = _item == ExtensionItem.Malformed;
        return !Malformed;
    }

    // Leaves the reader on an extension's name. An empty line is an empty list element; only empty ones are no list (1#).
    private bool TryFindElement()
    {
        while (_item == ExtensionItem.End)
        {
            if (_nextLine == _lines.Length)
            {
                Malformed = _elements == 0 && _lines.Length > 0;
                return false;
            }

            string line = _lines[_nextLine++] ?? "";
            _length += line.Length + (_nextLine > 1 ? 1 : 0);
            if (_length > MaxLength)
            {
                Malformed = true;
                return false;
            }

            _reader = new ExtensionReader(line);
            _item = _reader.Read();
        }

        Malformed = _item == ExtensionItem.Malformed || ++_elements > MaxExtensions;
        return !Malformed;
    }
}
