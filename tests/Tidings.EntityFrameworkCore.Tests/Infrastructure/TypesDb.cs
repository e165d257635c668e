using System.ComponentModel.DataAnnotations;
using System.ComponentModel.DataAnnotations.Schema;

namespace Tidings.EntityFrameworkCore.Tests.Infrastructure;

public enum Colour
{
    Red, Green, Blue,
}

#pragma warning disable CA1720 // Members are named for their types: that is what they are for.
/// <summary>One member of each type that a resource may have.</summary>
public class Sample
{
    public int Id { get; set; }

    public bool Flag { get; set; }

    public byte Byte { get; set; }

    public short Short { get; set; }

    public int Int { get; set; }

    public int? MaybeInt { get; set; }

    public long Long { get; set; }

    public float Real { get; set; }

    public double Double { get; set; }

    public decimal Any { get; set; }

    [Precision(10, 2)]
    public decimal Money { get; set; }

    public string Text { get; set; } = "";

    public string? MaybeText { get; set; }

    [MaxLength(8)]
    public string Short8 { get; set; } = "";

    [Column(TypeName = "character(5)")]
    public string Padded { get; set; } = "";

    public string AnyCase { get; set; } = "";

    public string Lowered { get; set; } = "";

    public char Letter { get; set; } = 'a';

    public Guid Guid { get; set; }

    public DateTime Zoned { get; set; } = DateTime.UnixEpoch;

    [Column(TypeName = "timestamp without time zone")]
    public DateTime Unzoned { get; set; } = new(2000, 1, 1);

    [Column(TypeName = "timestamp(3) with time zone")]
    public DateTime Millis { get; set; } = DateTime.UnixEpoch;

    public DateTimeOffset At { get; set; } = DateTimeOffset.UnixEpoch;

    public DateOnly Day { get; set; }

    public TimeOnly Hour { get; set; }

    public TimeSpan Span { get; set; }

    public byte[] Bytes { get; set; } = [];

    public Colour Colour { get; set; }

    public Colour Named { get; set; }

    public int[] Numbers { get; set; } = [];

    public int Touched { get; set; }
}

public class TypesDb(DbContextOptions<TypesDb> options) : DbContext(options)
{
    public DbSet<Sample> Samples => Set<Sample>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddTidingsOutbox();
        modelBuilder.HasCollation("any_case", locale: "und-u-ks-level2", provider: "icu", deterministic: false);
        modelBuilder.Entity<Sample>(static sample =>
        {
            sample.Property(static s => s.AnyCase).UseCollation("any_case");
            sample.Property(static s => s.Lowered).HasConversion(static text => text.ToLowerInvariant(), static text => text);
            sample.Property(static s => s.Named).HasConversion<string>();
        });
    }
}
