namespace Tidings.Architecture.Tests.Reading;

/// <summary>One place in the code that uses something of another folder.</summary>
/// <param name="From">The folder of the code that uses.</param>
/// <param name="User">The type that uses, with file and line.</param>
/// <param name="To">The folder of what is used.</param>
/// <param name="Used">The type that is used, with file and line.</param>
internal sealed record Dependency(string From, CodePlace User, string To, CodePlace Used)
{
    public override string ToString() => $"{User} uses {Used}";
}

/// <summary>A type (of a script: a file) and where it stands.</summary>
internal sealed record CodePlace(string Name, string File, int Line)
{
    public override string ToString() => $"{Name} ({File}:{Line})";
}
