namespace Tidings.AspNetCore.Contract;

/// <summary>A type as a file of C# names it.</summary>
/// <param name="Name">The type, never null.</param>
/// <param name="IsValue">Whether it is a value type.</param>
/// <param name="MayBeNull">Whether null is a value of it.</param>
internal readonly record struct CSharpType(string Name, bool IsValue = false, bool MayBeNull = false)
{
    /// <summary>Any JSON.</summary>
    public static readonly CSharpType Any = new("global::System.Text.Json.JsonElement", IsValue: true);

    /// <summary>The type that has null among its values.</summary>
    public CSharpType OrNull => this with { MayBeNull = true };

    /// <summary>The type without what only the compiler knows of null, as <c>typeof</c> takes it.</summary>
    public string Runtime => (RuntimeName ?? Name) + (IsValue && MayBeNull ? "?" : "");

    private string? RuntimeName { get; init; }

    /// <summary>A generic type of others.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="before">What stands before the last argument.</param>
    /// <param name="last">The last argument.</param>
    public static CSharpType Generic(string name, string before, CSharpType last) => new($"{name}<{before}{last}>") { RuntimeName = $"{name}<{before}{last.Runtime}>" };

    public override string ToString() => MayBeNull ? Name + "?" : Name;
}
